package org.lowrank4j.kind;

import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.layers.OutputLayer;
import org.deeplearning4j.nn.layers.recurrent.RnnOutputLayer;
import org.jspecify.annotations.Nullable;

/** W of an output layer, for examples or series. */
public final class Output implements LayerKind {

    @Override
    public boolean is(Trainable layer) {
        return layer.getClass() == OutputLayer.class || layer.getClass() == RnnOutputLayer.class;
    }

    @Override
    public List<String> types() {
        return List.of("OutputLayer", "RnnOutputLayer");
    }

    @Override
    public List<Matrix> matrices() {
        return List.of(Matrix.asItIs("W"));
    }

    @Override
    public DefaultTarget byDefault() {
        return DefaultTarget.NEVER;
    }

    @Override
    public InputRows inputRows() {
        return new ExampleRows();
    }

    @Override
    public StandIn standIn(Layer layer) {
        return OutputPasses::new;
    }

    @Override
    public OutputLoss outputLoss() {
        return OutputPasses.LOSS;
    }

    @Override
    public @Nullable TwoLayers twoLayers(Layer layer) {
        return TwoLayers.of(layer, org.deeplearning4j.nn.conf.layers.OutputLayer.class);
    }
}
