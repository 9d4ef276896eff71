package org.lowrank4j.reference;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.lowrank4j.initialisation.SwitchLoraStart;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.SwitchLora;
import org.lowrank4j.update.SwitchLoraEvents;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.VectorwiseAdam;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Adam;

/** SwitchLoRA: its schedule, and one exchange with the updates that follow. */
public final class SwitchLoraReference implements Reference {

    @Override
    public String method() {
        return "switchlora";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        if (given.expects("rate")) {
            schedule(given, outcome);
        } else {
            event(given, type, outcome);
        }
    }

    private static void schedule(ReferenceCase given, Outcome outcome) {
        SwitchLora.Schedule schedule = new SwitchLora.Schedule(
                given.whole("interval0"), given.number("ratio"), given.whole("total_steps"), given.whole("N"));
        int[] steps = given.wholeNumbers("steps");
        outcome.put("rate", Arrays.stream(steps).mapToDouble(schedule::rate).toArray());
        outcome.put(
                "interval", Arrays.stream(steps).mapToDouble(schedule::interval).toArray());
        outcome.put(
                "switches_per_step",
                Arrays.stream(steps)
                        .mapToDouble(step -> schedule.switches(step, given.whole("r")))
                        .toArray());
        int[] shapes = given.wholeNumbers("shapes_nIn_nOut_r");
        double[] ofA = IntStream.range(0, shapes.length / 3)
                .mapToDouble(i -> SwitchLoraStart.deviationOfA(shapes[3 * i], shapes[3 * i + 1], shapes[3 * i + 2]))
                .toArray();
        double[] ofB = IntStream.range(0, shapes.length / 3)
                .mapToDouble(i -> SwitchLoraStart.deviationOfB(shapes[3 * i], shapes[3 * i + 1], shapes[3 * i + 2]))
                .toArray();
        outcome.put("std_A", ofA);
        outcome.put("std_B", ofB);
        outcome.put("bound_A", Arrays.stream(ofA).map(SwitchLoraStart::bound).toArray());
        outcome.put("bound_B", Arrays.stream(ofB).map(SwitchLoraStart::bound).toArray());
    }

    private static void event(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray a = given.input("A", type);
        INDArray b = given.input("B", type);
        double scale = given.number("s");
        int freeze = given.whole("N");
        // The file's W is the base; the network holds W + s A B.
        TargetWeight target = Targets.target(
                given.input("W", type).add(a.mmul(b).mul(scale)),
                given.whole("r"),
                given.number("alpha"),
                scale,
                Map.of());
        TargetUpdate update = SwitchLoraEvents.attach(target, new SwitchLora.Schedule(2 * freeze, 0.1, 1000, freeze));
        update.start(new Factors(a, b));
        Map<String, INDArray> state = new HashMap<>();
        for (String side : new String[] {"A", "B"}) {
            state.put("pool" + side, given.input("pool_" + side, type));
            state.put("slots" + side, given.input("slots_" + side, type));
            state.put("steps" + side, given.input("step" + side, type));
            state.put("pointer" + side, Nd4j.createFromArray(given.number("pointer_" + side)));
        }
        Targets.restore(update, state);

        INDArray[] gradients = Targets.views(update, a);
        gradients[0].assign(given.input("gA", type));
        gradients[1].assign(given.input("gB", type));
        INDArray[] moments = {
            moments(given.input("mA", type), given.input("vA", type), 'f'),
            moments(given.input("mB", type), given.input("vB", type), 'c')
        };
        SwitchLoraEvents.exchange(update, given.whole("k"), gradients, moments);

        INDArray aAfter = Targets.value(update, 0).dup();
        INDArray bAfter = Targets.value(update, 1).dup();
        outcome.put("W_after", target.weight().sub(aAfter.mmul(bAfter).mul(scale)));
        outcome.put("A_after", aAfter);
        outcome.put("B_after", bAfter);
        outcome.put("gA_after", gradients[0].dup());
        outcome.put("gB_after", gradients[1].dup());
        putMoments("A", moments[0], gradients[0], outcome);
        putMoments("B", moments[1], gradients[1], outcome);
        for (String side : new String[] {"A", "B"}) {
            Map<String, INDArray> after = update.kept().state();
            outcome.put("pool_" + side + "_after", after.get("pool" + side).dup());
            outcome.put("slots_" + side + "_after", after.get("slots" + side).dup());
            outcome.put("step" + side + "_after", after.get("steps" + side).dup());
            outcome.put("freeze_" + side + "_after", after.get("freeze" + side).dup());
            outcome.put(
                    "pointer_" + side + "_after", after.get("pointer" + side).getDouble(0));
            int[] before = given.wholeNumbers("slots_" + side);
            outcome.put(
                    "switched_" + side,
                    IntStream.range(0, before.length)
                            .filter(i -> after.get("slots" + side).getInt(i) != before[i])
                            .asDoubleStream()
                            .toArray());
        }

        INDArray following = given.input("G", type);
        for (int t = 0; t < freeze + 3; t++) {
            if (t > 0) {
                gradients = Targets.gradients(
                        update, following.get(NDArrayIndex.point(t), NDArrayIndex.all(), NDArrayIndex.all()));
                SwitchLoraEvents.exchange(update, 0, gradients, moments);
            }
            INDArray counts = update.kept().state().get("stepsA");
            adamByVector(given, gradients[0].transpose(), moments[0], counts);
            adamByVector(given, gradients[1], moments[1], update.kept().state().get("stepsB"));
            update.step(gradients);
            if (t == freeze - 1) {
                outcome.put("A_frozen_end", Targets.value(update, 0).dup());
                outcome.put("B_frozen_end", Targets.value(update, 1).dup());
            }
        }
        outcome.put("A_end", Targets.value(update, 0));
        outcome.put("B_end", Targets.value(update, 1));
        outcome.put("stepA_end", update.kept().state().get("stepsA"));
        outcome.put("stepB_end", update.kept().state().get("stepsB"));
    }

    /** One vector at a time, because the epsilon that brings ND4J's rule to the published one depends on its count. */
    private static void adamByVector(ReferenceCase given, INDArray rows, INDArray moments, INDArray counts) {
        long length = rows.size(1);
        INDArray byVector = moments.reshape('c', 2 * rows.size(0), length);
        for (int i = 0; i < rows.size(0); i++) {
            INDArray count = Nd4j.create(DataType.LONG, 1);
            count.putScalar(0, counts.getLong(i));
            double beta2 = given.number("beta2");
            Adam adam = new Adam(
                    given.number("lr"),
                    given.number("beta1"),
                    beta2,
                    Targets.plainEpsilon(given.number("eps"), beta2, counts.getLong(i) + 1));
            INDArray m = byVector.getRow(i);
            INDArray v = byVector.getRow(rows.size(0) + i);
            INDArray own = Nd4j.concat(0, m, v);
            new VectorwiseAdam(adam, count).instantiate(own, false).applyUpdater(rows.getRow(i), 500 + i, 0);
            m.assign(own.get(NDArrayIndex.interval(0, length)));
            v.assign(own.get(NDArrayIndex.interval(length, 2 * length)));
            counts.putScalar(i, count.getLong(0));
        }
    }

    private static INDArray moments(INDArray m, INDArray v, char order) {
        return Nd4j.concat(
                        0,
                        m.dup(order).reshape(order, new long[] {m.length()}),
                        v.dup(order).reshape(order, new long[] {v.length()}))
                .reshape(1, 2 * m.length());
    }

    private static void putMoments(String side, INDArray moments, INDArray like, Outcome outcome) {
        long length = like.length();
        INDArray flat = moments.reshape(2 * length).dup();
        outcome.put(
                "m" + side + "_after",
                flat.get(NDArrayIndex.interval(0, length)).dup().reshape(like.ordering(), like.shape()));
        outcome.put(
                "v" + side + "_after",
                flat.get(NDArrayIndex.interval(length, 2 * length)).dup().reshape(like.ordering(), like.shape()));
    }
}
