package org.lowrank4j.kind;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.loss.TrainingLoss;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What passes are lent, and what they gave. */
final class Lent implements LayerTraining {

    private final boolean needsEpsilon;
    private final boolean overwritten;
    private final Map<String, INDArray> vectors;
    private final Map<String, WeightGradient> gradients = new HashMap<>();
    private final Map<String, Long> rows = new HashMap<>();

    /** @param vectors where gradients of vectors go, by parameter */
    Lent(boolean needsEpsilon, boolean overwritten, Map<String, INDArray> vectors) {
        this.needsEpsilon = needsEpsilon;
        this.overwritten = overwritten;
        this.vectors = vectors;
    }

    /** dL/dM as an array. */
    INDArray formed(String parameter) {
        WeightGradient gradient = Objects.requireNonNull(gradients.get(parameter), parameter);
        INDArray whole =
                Nd4j.create(vectors.values().iterator().next().dataType(), gradient.inputs(), gradient.outputs());
        gradient.formed(whole, 0);
        return whole;
    }

    /** What it is a sum over. */
    long rows(String parameter) {
        return Objects.requireNonNull(rows.get(parameter));
    }

    @Override
    public boolean needsEpsilon() {
        return needsEpsilon;
    }

    @Override
    public boolean outputMayBeOverwritten() {
        return overwritten;
    }

    @Override
    public @Nullable INDArray gradient(String vector) {
        return vectors.get(vector);
    }

    @Override
    public @Nullable INDArray take(String parameter, WeightGradient gradient, long over) {
        gradients.put(parameter, gradient);
        rows.put(parameter, over);
        return null;
    }

    @Override
    public INDArray weight(BaseLayer<?> layer, String parameter) {
        return layer.getParam(parameter);
    }

    @Override
    public void addLagging(String parameter, INDArray x, INDArray z) {}

    @Override
    public void addLaggingBackwards(String parameter, INDArray epsilon) {}

    @Override
    public void catchUp() {}

    @Override
    public @Nullable TrainingLoss loss() {
        return null;
    }
}
