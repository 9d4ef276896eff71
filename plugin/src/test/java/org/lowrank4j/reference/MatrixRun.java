package org.lowrank4j.reference;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.lowrank4j.gradient.GradientApproximation;
import org.lowrank4j.method.Given;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.FullWeight;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.learning.regularization.WeightDecay;

/** A run of steps of full rank that an approximation makes itself, of a matrix or of the kernel of a convolution. */
final class MatrixRun {

    private final ReferenceCase given;
    private final long[] shape;
    private final INDArray gradients;
    private final TargetWeight target;
    private final TargetUpdate update;
    private final IUpdater updater;
    private final GradientUpdater<?> steps;
    private final List<INDArray> weights = new ArrayList<>();
    private INDArray direction = Nd4j.empty(DataType.DOUBLE);
    private int taken;

    /** @param rank of the target, 1 where none is given */
    MatrixRun(
            GradientApproximation gradient, ReferenceCase given, DataType type, int rank, Map<String, String> options) {
        this.given = given;
        INDArray weight = given.input("W", type);
        shape = weight.shape();
        gradients = given.input("gradients", type);
        INDArray matrix = matrix(weight).dup('f');
        List<Long> kernel = Arrays.stream(shape).skip(2).boxed().toList();
        target = kernel.isEmpty()
                ? Targets.target(matrix, rank, rank, 1, options)
                : Given.target("layer0", matrix, kernel, options);
        update = gradient.approximate(new FullWeight().attach(target), target);
        updater = update.updater(update.tensors().get(0), new Sgd(given.number("lr")));
        steps = updater.instantiate((INDArray) null, false);
    }

    /** A filter of a kernel is a column. */
    private static INDArray matrix(INDArray array) {
        return array.rank() == 2
                ? array
                : array.dup('c')
                        .reshape('c', array.size(0), array.length() / array.size(0))
                        .transpose();
    }

    /** The shape of the case. */
    INDArray asGiven(INDArray matrix) {
        return shape.length == 2 ? matrix.dup() : matrix.transpose().dup('c').reshape('c', shape);
    }

    boolean hasNext() {
        return taken < gradients.size(0);
    }

    void step() {
        INDArray[] made = Targets.gradients(update, matrix(gradients.slice(taken)));
        steps.applyUpdater(made[0].reshape('f', new long[] {made[0].length()}), taken, 0);
        direction = asGiven(made[0].div(given.number("lr")));
        if (given.hasNumber("weight_decay")) {
            update.regularise(
                    new WeightDecay(given.number("weight_decay"), true),
                    made,
                    new double[] {updater.getLearningRate(taken, 0)},
                    taken,
                    0);
        }
        update.step(made);
        weights.add(asGiven(target.weight()));
        taken++;
    }

    TargetUpdate update() {
        return update;
    }

    TargetWeight target() {
        return target;
    }

    /** What the rate was multiplied by in the last step. */
    INDArray direction() {
        return direction;
    }

    INDArray state(String name) {
        return Objects.requireNonNull(update.kept().state().get(name), name);
    }

    /** The weights after each step. */
    INDArray weights() {
        return Nd4j.stack(0, weights.toArray(INDArray[]::new));
    }
}
