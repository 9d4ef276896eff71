package org.lowrank4j.reference;

import java.util.Map;
import org.lowrank4j.gradient.LoraPro;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.Lora;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Adam;

/** LoRA-Pro: the gradients of A and B, and a run with Adam's moments in the space of W. */
public final class LoraProReference implements Reference {

    @Override
    public String method() {
        return "lorapro";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        if (given.expects("gA_step1")) {
            adam(given, type, outcome);
        } else {
            sgd(given, type, outcome);
        }
    }

    private static void sgd(ReferenceCase given, DataType type, Outcome outcome) {
        // The formula has no damping; this is as good as none.
        TargetUpdate update = loraPro(given, type, Map.of("lora-pro.damping", "1e-300"));
        INDArray a = given.input("A", type);
        INDArray b = given.input("B", type);
        double scale = given.number("s");
        INDArray[] gradients = Targets.gradients(update, given.input("G", type));
        outcome.put("gA", gradients[0].dup());
        outcome.put("gB", gradients[1].dup());
        update.beforeUpdater(gradients, new INDArray[2]);
        outcome.put("gA_star", gradients[0]);
        outcome.put("gB_star", gradients[1]);
        outcome.put(
                "G_equiv",
                a.mmul(gradients[1]).add(gradients[0].mmul(b)).mul(scale).castTo(DataType.DOUBLE));
        if (given.expects("X")) {
            // dB' B^T (B B^T)^-1 is -X, because the other term of dB' is orthogonal to the rows of B.
            Values inverse = Arithmetic.inverse(Values.of(b.mmul(b.transpose())));
            INDArray along = gradients[1].mmul(b.transpose()).castTo(DataType.DOUBLE);
            outcome.put("X", along.mmul(inverse.toNd4j()).neg());
        }
    }

    private static void adam(ReferenceCase given, DataType type, Outcome outcome) {
        TargetUpdate update = loraPro(
                given,
                type,
                Map.of("lora-pro.mode", "full", "lora-pro.damping", Double.toString(given.number("damping"))));
        INDArray gradients = given.input("G", type);
        for (int t = 0; t < gradients.size(0); t++) {
            INDArray[] steps = Targets.gradients(
                    update, gradients.get(NDArrayIndex.point(t), NDArrayIndex.all(), NDArrayIndex.all()));
            update.updater(
                    update.tensors().get(0),
                    new Adam(
                            given.number("lr"),
                            given.number("beta1"),
                            given.number("beta2"),
                            Targets.plainEpsilon(given.number("eps"), given.number("beta2"), t + 1)));
            update.beforeUpdater(steps, new INDArray[2]);
            outcome.put("gA_step" + (t + 1), steps[0].dup());
            outcome.put("gB_step" + (t + 1), steps[1].dup());
            steps[0].muli(given.number("lr"));
            steps[1].muli(given.number("lr"));
            update.step(steps);
        }
        outcome.put("A_3", Targets.value(update, 0));
        outcome.put("B_3", Targets.value(update, 1));
        INDArray moments = update.kept().state().get("moments");
        long size = moments.length() / 2;
        outcome.put("exp_avg_3", moment(moments, 0, given));
        outcome.put("exp_avg_sq_3", moment(moments, size, given));
    }

    private static INDArray moment(INDArray moments, long from, ReferenceCase given) {
        long inputs = given.input("A", DataType.DOUBLE).size(0);
        return moments.get(NDArrayIndex.point(0), NDArrayIndex.interval(from, from + moments.length() / 2))
                .dup()
                .reshape('f', inputs, moments.length() / 2 / inputs);
    }

    private static TargetUpdate loraPro(ReferenceCase given, DataType type, Map<String, String> options) {
        INDArray a = given.input("A", type);
        INDArray b = given.input("B", type);
        double scale = given.number("s");
        TargetWeight target = Targets.target(
                Nd4j.zeros(type, a.size(0), b.size(1)), given.whole("r"), given.whole("r") * scale, scale, options);
        TargetUpdate update = new LoraPro().approximate(new Lora().attach(target), target);
        update.start(new Factors(a, b));
        return update;
    }
}
