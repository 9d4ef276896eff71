package org.lowrank4j.engine;

import java.util.Map;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.kind.LayerTraining;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.loss.TrainingLoss;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What trains of a layer that writes all of its gradients into views that DL4J has made, as in stock training.
 *
 * @param views by parameter
 * @param loss in the place of the layer's own
 */
record StockTraining(Map<String, INDArray> views, TrainingLoss loss) implements LayerTraining {

    @Override
    public boolean needsEpsilon() {
        return true;
    }

    @Override
    public boolean outputMayBeOverwritten() {
        return true;
    }

    @Override
    public @Nullable INDArray gradient(String vector) {
        return views.get(vector);
    }

    @Override
    public @Nullable INDArray take(String parameter, WeightGradient gradient, long rows) {
        INDArray view = views.get(parameter);
        if (view != null) {
            gradient.formed(view, 0);
        }
        return view;
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
}
