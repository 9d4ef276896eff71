package org.lowrank4j.reference;

import java.util.Arrays;
import java.util.Map;
import org.lowrank4j.initialisation.Kaiming;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.rule.Scaling;
import org.lowrank4j.update.ReLora;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** ReLoRA: its jagged cosine, and a restart with the pruning of Adam's moments. */
public final class ReloraReference implements Reference {

    private static final int RESTART = 10;

    @Override
    public String method() {
        return "relora";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        if (given.expects("multiplier")) {
            ReLora.Schedule schedule = new ReLora.Schedule(
                    given.whole("total_steps"),
                    given.whole("restart_every"),
                    given.whole("first_warmup"),
                    given.whole("restart_warmup"),
                    given.number("min_lr_ratio"));
            outcome.put(
                    "multiplier",
                    Arrays.stream(given.wholeNumbers("steps"))
                            .mapToDouble(schedule::multiplier)
                            .toArray());
        } else {
            restart(given, type, outcome);
        }
    }

    private static void restart(ReferenceCase given, DataType type, Outcome outcome) {
        double scale = Scaling.STANDARD.scale(given.number("alpha"), given.whole("r"));
        outcome.put("s", scale);
        outcome.put("bound_A", Kaiming.bound(given.input("W", type).size(0)));
        for (int prune : new int[] {80, 90}) {
            INDArray a = given.input("A", type);
            INDArray b = given.input("B", type);
            // The file's W is the base; the network holds W + s A B, before the restart and after it.
            TargetWeight target = Targets.target(
                    given.input("W", type).add(a.mmul(b).mul(scale)),
                    given.whole("r"),
                    given.number("alpha"),
                    scale,
                    Map.of(
                            "relora.total-steps", "100",
                            "relora.restart", String.valueOf(RESTART),
                            "relora.first-warmup", "0",
                            "relora.restart-warmup", "0",
                            "relora.prune", String.valueOf(prune / 100.0)));
            TargetUpdate update = new ReLora().attach(target);
            Targets.restore(update, Map.of("A", a, "B", b, "step", Nd4j.createFromArray(RESTART - 1.0)));
            INDArray[] views = Targets.views(update, a);
            update.step(new INDArray[] {views[0].assign(0), views[1].assign(0)});
            outcome.put("W_after", target.weight().dup());
            outcome.put("B_after", Targets.value(update, 1).dup());

            INDArray ofA = moments(given.input("mA", type), given.input("vA", type));
            update.beforeUpdater(views, new INDArray[] {ofA, Nd4j.empty(type)});
            long length = a.length();
            INDArray flat = ofA.reshape(2 * length);
            outcome.put("mA_prune" + prune, part(flat, 0, a));
            outcome.put("vA_prune" + prune, part(flat, length, a));
        }
    }

    private static INDArray moments(INDArray m, INDArray v) {
        return Nd4j.concat(
                        0,
                        m.dup('f').reshape('f', new long[] {m.length()}),
                        v.dup('f').reshape('f', new long[] {v.length()}))
                .reshape(1, 2 * m.length());
    }

    private static INDArray part(INDArray flat, long from, INDArray like) {
        return flat.get(NDArrayIndex.interval(from, from + like.length())).dup().reshape('f', like.shape());
    }
}
