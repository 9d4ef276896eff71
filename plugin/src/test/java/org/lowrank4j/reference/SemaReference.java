package org.lowrank4j.reference;

import java.util.HashMap;
import java.util.Map;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.SwitchEma;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Switch EMA: weights and averages over some epochs of given steps. */
public final class SemaReference implements Reference {

    @Override
    public String method() {
        return "sema";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        TargetWeight target = Targets.target(given.input("theta0", type), 1, 1, 1, options(given));
        TargetUpdate update = new SwitchEma().attach(target);
        update.start();
        INDArray steps = given.input("U", type);
        INDArray starts = Nd4j.create(type, given.whole("epochs"), target.inputs(), target.outputs());
        INDArray weights = steps.like();
        INDArray averages = steps.like();
        int iteration = 0;
        for (int epoch = 0; epoch < given.whole("epochs"); epoch++) {
            for (int i = 0; i < given.whole("iterations"); i++) {
                INDArrayIndex[] here = {
                    NDArrayIndex.point(epoch), NDArrayIndex.point(i), NDArrayIndex.all(), NDArrayIndex.all()
                };
                update.beforeForward(iteration++, epoch);
                if (i == 0) {
                    starts.get(NDArrayIndex.point(epoch), NDArrayIndex.all(), NDArrayIndex.all())
                            .assign(target.weight());
                }
                update.step(new INDArray[] {steps.get(here).dup()});
                weights.get(here).assign(target.weight());
                averages.get(here).assign(update.kept().state().get("average"));
            }
        }
        outcome.put("theta_start", starts);
        outcome.put("theta", weights);
        outcome.put("ema", averages);
    }

    private static Map<String, String> options(ReferenceCase given) {
        Map<String, String> options = new HashMap<>(Map.of("switch-ema.mu", String.valueOf(given.number("mu"))));
        if (given.hasText("warmup")) {
            options.put("switch-ema.warmup", given.text("warmup"));
            options.put("switch-ema.warmup-steps", String.valueOf(given.whole("warmup_iters")));
            options.put("switch-ema.warmup-ratio", String.valueOf(given.number("warmup_ratio")));
        }
        return options;
    }
}
