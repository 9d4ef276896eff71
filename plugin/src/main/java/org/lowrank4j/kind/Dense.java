package org.lowrank4j.kind;

import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.layers.feedforward.dense.DenseLayer;
import org.jspecify.annotations.Nullable;

/** W of a dense layer. */
public final class Dense implements LayerKind {

    @Override
    public boolean is(Trainable layer) {
        return layer.getClass() == DenseLayer.class;
    }

    @Override
    public List<String> types() {
        return List.of("DenseLayer");
    }

    @Override
    public List<Matrix> matrices() {
        return List.of(Matrix.asItIs("W"));
    }

    @Override
    public DefaultTarget byDefault() {
        return DefaultTarget.ALWAYS;
    }

    @Override
    public InputRows inputRows() {
        return new ExampleRows();
    }

    @Override
    public StandIn standIn(Layer layer) {
        return new StandIn() {
            @Override
            public LayerPasses passes(LayerTraining training) {
                return new DensePasses(training);
            }

            @Override
            public boolean mayLag(String parameter) {
                return true;
            }
        };
    }

    @Override
    public @Nullable TwoLayers twoLayers(Layer layer) {
        return TwoLayers.of(layer, org.deeplearning4j.nn.conf.layers.DenseLayer.class);
    }
}
