package org.lowrank4j.reference;

import java.util.HashMap;
import java.util.Map;
import org.lowrank4j.average.SwitchEma;
import org.lowrank4j.average.WeightAverage;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Switch EMA: weights and averages over some epochs of given steps. */
public final class SemaReference extends AverageCases {

    public SemaReference() {
        super(new SwitchEma());
    }

    @Override
    public String method() {
        return "sema";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        WeightAverage.Mean mean = mean(options(given));
        INDArray theta = given.input("theta0", type).dup('c');
        INDArray[] copies = {theta.dup('c')};
        INDArray steps = given.input("U", type);
        INDArray starts = Nd4j.create(type, given.whole("epochs"), theta.size(0), theta.size(1));
        INDArray weights = steps.like();
        INDArray averages = steps.like();
        long step = 0;
        for (int epoch = 0; epoch < given.whole("epochs"); epoch++) {
            if (epoch > 0 && mean.replacesAtEpochs()) {
                mean.write(copies, step, theta);
            }
            starts.slice(epoch).assign(theta);
            for (int i = 0; i < given.whole("iterations"); i++) {
                theta.subi(steps.slice(epoch).slice(i));
                mean.follow(theta, copies, ++step, 1);
                weights.slice(epoch).slice(i).assign(theta);
                averages.slice(epoch).slice(i).assign(copies[0]);
            }
        }
        outcome.put("theta_start", starts);
        outcome.put("theta", weights);
        outcome.put("ema", averages);
    }

    private static Map<String, Object> options(ReferenceCase given) {
        Map<String, Object> options = new HashMap<>(Map.of("mu", given.number("mu")));
        if (given.hasText("warmup")) {
            options.put("warmup", given.text("warmup"));
            options.put("warmup-steps", given.whole("warmup_iters"));
            options.put("warmup-ratio", given.number("warmup_ratio"));
        }
        return options;
    }
}
