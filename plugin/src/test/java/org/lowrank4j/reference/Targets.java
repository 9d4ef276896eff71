package org.lowrank4j.reference;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.lowrank4j.kind.OuterProduct;
import org.lowrank4j.method.Given;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.config.Adam;

/** What the engine does around an update, reduced to one weight. */
final class Targets {

    private Targets() {}

    /** A target whose effective weight starts as this one, in 'f' order as in a network. */
    static TargetWeight target(INDArray weight, int rank, double alpha, double scale, Map<String, String> options) {
        return Given.target("layer0", weight.dup('f'), rank, alpha, scale, 1, options);
    }

    /** Gradient views with the shapes and orders of an update's tensors, filled with NaN, for they are overwritten. */
    static INDArray[] views(TargetUpdate update, INDArray weight) {
        return update.tensors().stream()
                .map(tensor -> Nd4j.create(weight.dataType(), tensor.shape(), tensor.order())
                        .assign(Double.NaN))
                .toArray(INDArray[]::new);
    }

    /** The gradients of an update's tensors for a given dL/dW: with x = I, x^T delta is delta. */
    static INDArray[] gradients(TargetUpdate update, INDArray gradientOfWeight) {
        INDArray[] views = views(update, gradientOfWeight);
        update.gradient(
                new OuterProduct(
                        Nd4j.eye(gradientOfWeight.size(0)).castTo(gradientOfWeight.dataType()), gradientOfWeight),
                views);
        return views;
    }

    /**
     * Moves an update from B = 0, where the network holds W itself, by one step.
     *
     * @param b where B is to be
     * @param others where the tensors behind A and B are to be
     */
    static void stepTo(TargetUpdate update, INDArray weight, INDArray b, INDArray... others) {
        INDArray[] steps = views(update, weight);
        steps[0].assign(0);
        steps[1].assign(b.neg());
        for (int i = 0; i < others.length; i++) {
            INDArray step = steps[2 + i];
            step.assign(value(update, 2 + i).sub(others[i].reshape(step.shape())));
        }
        update.step(steps);
    }

    /** Moves every tensor of an update to where it is to be, in one step. */
    static void moveTo(TargetUpdate update, INDArray... values) {
        INDArray[] steps = new INDArray[values.length];
        for (int i = 0; i < values.length; i++) {
            INDArray value = value(update, i);
            steps[i] = value.sub(values[i].reshape(value.shape()));
        }
        update.step(steps);
    }

    /**
     * What a case of an update that starts by itself expects of the layer: {@code y}, {@code dx}, and gradients by name.
     *
     * @param update at the file's values
     * @param names of the gradients of its tensors
     */
    static void put(ReferenceCase given, TargetUpdate update, TargetWeight target, Outcome outcome, String... names) {
        INDArray weight = target.weight();
        INDArray x = given.input("x", weight.dataType());
        INDArray delta = given.input("delta", weight.dataType());
        INDArray[] gradients = views(update, weight);
        update.gradient(new OuterProduct(x, delta), gradients);
        for (int i = 0; i < names.length; i++) {
            outcome.put(names[i], gradients[i].reshape('c', given.shapeOf(names[i])));
        }
        INDArray y = x.mmul(weight);
        outcome.put("y", given.hasInput("bias") ? y.addRowVector(given.input("bias", weight.dataType())) : y);
        outcome.put("dx", delta.mmul(weight.transpose()));
        if (given.expects("delta_W")) {
            outcome.put("delta_W", weight.sub(given.input("W", weight.dataType())));
        }
    }

    /** Puts some arrays of an update's state in place of its own. */
    static void restore(TargetUpdate update, Map<String, INDArray> changes) {
        Map<String, INDArray> state = new HashMap<>(update.kept().state());
        if (!state.keySet().containsAll(changes.keySet())) {
            throw new AssertionError("the state has " + state.keySet() + " and not all of " + changes.keySet());
        }
        changes.forEach(
                (name, value) -> state.put(name, value.castTo(state.get(name).dataType())));
        update.kept().restore(state);
    }

    /** An empty state view for an updater with two parts. */
    static INDArray adamState(INDArray gradient) {
        return Nd4j.zeros(gradient.dataType(), 1, 2 * gradient.length());
    }

    /**
     * One step of ND4J's Adam, in place.
     *
     * @param count updates before this one
     */
    static void adam(Adam adam, INDArray gradient, INDArray state, int count) {
        INDArray flat = gradient.reshape(gradient.ordering(), new long[] {1, gradient.length()});
        @SuppressWarnings("rawtypes")
        GradientUpdater updater = adam.instantiate(state, false);
        updater.applyUpdater(flat, count, 0);
    }

    /**
     * Published code adds epsilon to the bias-corrected root, ND4J to the plain one. This is the epsilon with which ND4J
     * computes the same.
     */
    static double plainEpsilon(double epsilon, double beta2, long update) {
        return epsilon * Math.sqrt(1 - Math.pow(beta2, update));
    }

    /** Tensor values by position. */
    static INDArray value(TargetUpdate update, int tensor) {
        return List.copyOf(update.tensors()).get(tensor).value();
    }
}
