package org.lowrank4j.engine;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.params.DefaultParamInitializer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.kind.LayerKind;
import org.lowrank4j.kind.LayerKinds;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The parameters of a layer that are vectors: what the key {@code bias} is about. */
final class Vectors {

    private Vectors() {}

    /** In the order of the table; nothing for a vertex that is no layer. */
    static List<String> names(Trainable trainable, Trainable inner, Map<String, INDArray> table) {
        return !(inner instanceof Layer layer)
                ? List.of()
                : table.keySet().stream()
                        .filter(name -> isVector(layer, name, table.get(name)))
                        // Running statistics and the centres of a loss have no gradient of their own.
                        .filter(trainable::updaterDivideByMinibatch)
                        .toList();
    }

    private static boolean isVector(Layer layer, String name, @Nullable INDArray array) {
        if (array == null
                || Arrays.stream(array.shape()).filter(side -> side > 1).count() > 1) {
            return false;
        }
        if (!(layer instanceof BaseLayer)) {
            return true;
        }
        org.deeplearning4j.nn.conf.layers.Layer settings = layer.conf().getLayer();
        LayerKind kind = LayerKinds.of(layer);
        // A matrix with one row is none; DL4J counts gains among the weights.
        return !settings.initializer().isWeightParam(settings, name)
                || name.equals(DefaultParamInitializer.GAIN_KEY)
                || kind != null && kind.weightsAreVectors();
    }
}
