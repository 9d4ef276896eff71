package org.lowrank4j.reference;

import java.util.Map;
import org.lowrank4j.gradient.GradientApproximation;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.FullWeight;
import org.lowrank4j.update.Problem;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Adam;

/** A run of Adam in a subspace whose steps are scaled to full rank, and what the limiter did to each step. */
final class SubspaceRun {

    private final GradientApproximation gradient;
    private final ReferenceCase given;
    private final TargetWeight target;
    private final TargetUpdate update;
    private final Adam adam;
    private final INDArray gradients;
    private int taken;

    SubspaceRun(GradientApproximation gradient, ReferenceCase given, DataType type, String scale) {
        this.gradient = gradient;
        this.given = given;
        target = Targets.target(
                given.input("W", type),
                given.whole("r"),
                given.whole("r"),
                1,
                Map.of(gradient.name() + ".scale", Double.toString(given.number(scale))));
        update = attach();
        adam = new Adam(given.number("lr"), given.number("beta1"), given.number("beta2"), given.number("eps"));
        gradients = given.input("G", type);
    }

    private TargetUpdate attach() {
        TargetWeight mine = Problem.again(target);
        return gradient.approximate(new FullWeight().attach(mine), mine);
    }

    TargetUpdate update() {
        return update;
    }

    INDArray weight() {
        return target.weight();
    }

    boolean hasNext() {
        return taken < gradients.size(0);
    }

    INDArray gradient() {
        return gradients.get(NDArrayIndex.point(taken), NDArrayIndex.all(), NDArrayIndex.all());
    }

    /** The rate of the next step with Adam's bias correction. */
    double rate() {
        return given.number("lr")
                * Math.sqrt(1 - Math.pow(given.number("beta2"), taken + 1))
                / (1 - Math.pow(given.number("beta1"), taken + 1));
    }

    /** The next step, and the length that the limiter remembers, of an update that begins in this one's state. */
    Step unlimited() {
        TargetUpdate twin = attach();
        twin.updater(twin.tensors().get(0), adam);
        update.updater(update.tensors().get(0), adam);
        Targets.restore(twin, update.kept().state());
        INDArray limiter = twin.kept().state().get(gradient.name() + ".limiter");
        limiter.assign(0);
        INDArray step = made(twin);
        return new Step(step, limiter.getDouble(0));
    }

    record Step(INDArray step, double length) {}

    /** Takes the next step; returns the length that the limiter remembers. */
    double step() {
        update.step(new INDArray[] {made(update)});
        taken++;
        return update.kept().state().get(gradient.name() + ".limiter").getDouble(0);
    }

    private INDArray made(TargetUpdate by) {
        INDArray step = Targets.gradients(by, gradient())[0];
        by.updater(by.tensors().get(0), adam)
                .instantiate((INDArray) null, false)
                .applyUpdater(step.reshape('f', new long[] {step.length()}), taken, 0);
        return step;
    }
}
