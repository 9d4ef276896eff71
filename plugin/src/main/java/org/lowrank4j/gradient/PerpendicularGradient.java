package org.lowrank4j.gradient;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.Replication;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TrainedTensor;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The perpendicular gradient (arXiv 2501.04697, equation 13): what makes a tensor w merely longer or shorter is taken out
 * of its gradient g, before the updater sees it.
 *
 * <pre>g -= (w . g) / (w . w + 1e-30) w</pre>
 *
 * <p>Once a network fits its data, that direction only scales the logits, until the softmax saturates and learning stops.
 * Each trained tensor is taken by itself: W under {@code update=full}, A and B under {@code update=lora}. A tensor of
 * zeros keeps its gradient. With SGD, w g' = 0 for the step as well; with Adam the step is not perpendicular.
 *
 * <p>The user's l1, l2 and weight decay act after the projection, in the very direction that it removes: leave them out,
 * as published. No state. Published with full weights, Adam, rate 0.01.
 */
public final class PerpendicularGradient implements GradientApproximation {

    private static final double EPSILON = 1e-30;

    @Override
    public String name() {
        return "perpgrad";
    }

    @Override
    public Set<Replication> replicates() {
        return EnumSet.allOf(Replication.class);
    }

    @Override
    public List<MethodOption> options() {
        return List.of(new MethodOption(
                "rescale",
                "no",
                "yes gives the projected gradient the length that it had before, as the released code does; no leaves"
                        + " it as projected, as in the paper"));
    }

    @Override
    public TargetUpdate approximate(TargetUpdate update, TargetWeight target) {
        for (TrainedTensor tensor : update.tensors()) {
            if (tensor.value() == null) {
                throw new LowRankException("gradient=perpgrad needs the tensor that a gradient belongs to, and "
                        + tensor.name() + " of layer " + target.layer()
                        + " has none. Use update=full or another update of tensors.");
            }
        }
        boolean rescale = target.optionsOf(this).yes("rescale");
        return new Target(update, rescale);
    }

    /**
     * Projects one gradient, in place.
     *
     * @param value w, of any shape
     * @param gradient g, of the same shape, in one piece
     * @param rescale whether the result has the length of g; one that is 0 up to rounding becomes 0
     */
    public static void project(INDArray value, INDArray gradient, boolean rescale) {
        // W may be row-major, and its gradient is column-major.
        char order = gradient.ordering();
        INDArray w = value.reshape(order, new long[] {value.length()});
        INDArray g = gradient.reshape(order, new long[] {gradient.length()});
        double before = g.norm2Number().doubleValue();
        double along = dot(w, g) / (dot(w, w) + EPSILON);
        Nd4j.getBlasWrapper().axpy(-along, w, g);
        if (!rescale) {
            return;
        }
        double after = g.norm2Number().doubleValue();
        double rounding = gradient.dataType() == DataType.DOUBLE ? 1e-13 : 1e-5;
        g.muli(after <= rounding * before ? 0 : before / after);
    }

    private static double dot(INDArray one, INDArray other) {
        return Nd4j.getBlasWrapper().dot(one, other);
    }

    private static final class Target extends WrappedUpdate {

        private final boolean rescale;

        Target(TargetUpdate update, boolean rescale) {
            super(update);
            this.rescale = rescale;
        }

        @Override
        public void beforeUpdater(INDArray[] gradients, INDArray[] updaterStates) {
            for (int i = 0; i < gradients.length; i++) {
                INDArray value = tensors().get(i).value();
                if (value != null) {
                    project(value, gradients[i], rescale);
                }
            }
            super.beforeUpdater(gradients, updaterStates);
        }
    }
}
