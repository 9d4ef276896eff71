package org.lowrank4j.reference;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.lowrank4j.gradient.NormDescent;
import org.lowrank4j.method.Given;
import org.lowrank4j.method.SharedArrays;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.FullWeight;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;

/** Steepest descent under six norms, and of two layers whose lengths count together. */
public final class NewnormReference implements Reference {

    private static final Map<String, String> NORMS = Map.of(
            "sign", "entry",
            "spectral", "spectral",
            "rms", "rms",
            "embedding", "row",
            "unit", "column",
            "frobenius", "frobenius");

    @Override
    public String method() {
        return "newnorm";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray gradient = given.input("gradient", type);
        NORMS.forEach((name, of) -> {
            INDArray step = moved(List.of(gradient), of, "unit", 1).get(0).neg();
            outcome.put(name + "_step", step);
            double length = step.castTo(DataType.DOUBLE).norm2Number().doubleValue();
            outcome.put(
                    name + "_dual",
                    moved(List.of(gradient), of, "dual", 1)
                                    .get(0)
                                    .castTo(DataType.DOUBLE)
                                    .norm2Number()
                                    .doubleValue()
                            / length);
        });
        if (given.expects("joint_eta")) {
            double rate = 1 / given.number("lambda_");
            List<INDArray> moved = moved(List.of(gradient, given.input("gradient_2", type)), "rms", "joint", rate);
            outcome.put("joint_step_1", moved.get(0));
            outcome.put("joint_step_2", moved.get(1));
            double length = moved(List.of(gradient), "rms", "unit", 1)
                    .get(0)
                    .norm2Number()
                    .doubleValue();
            outcome.put("joint_eta", moved.get(0).norm2Number().doubleValue() / length);
        }
    }

    /** How one step moves the weights of layers with these gradients, which start at 0. */
    private static List<INDArray> moved(List<INDArray> gradients, String of, String length, double rate) {
        SharedArrays shared = Given.shared(1, 1, 1);
        List<TargetWeight> targets = new ArrayList<>();
        List<TargetUpdate> updates = new ArrayList<>();
        List<INDArray[]> steps = new ArrayList<>();
        for (INDArray gradient : gradients) {
            TargetWeight target = Given.target(
                    "layer" + targets.size(),
                    Nd4j.create(gradient.dataType(), gradient.shape(), 'f'),
                    1,
                    1,
                    1,
                    1,
                    Map.of("norm.of", of, "norm.length", length),
                    shared);
            TargetUpdate update = new NormDescent().approximate(new FullWeight().attach(target), target);
            INDArray[] made = Targets.gradients(update, gradient);
            update.updater(update.tensors().get(0), new Sgd(rate))
                    .instantiate((INDArray) null, false)
                    .applyUpdater(made[0].reshape('f', new long[] {made[0].length()}), 0, 0);
            targets.add(target);
            updates.add(update);
            steps.add(made);
        }
        for (int i = 0; i < updates.size(); i++) {
            updates.get(i).step(steps.get(i));
        }
        return targets.stream().map(TargetWeight::weight).toList();
    }
}
