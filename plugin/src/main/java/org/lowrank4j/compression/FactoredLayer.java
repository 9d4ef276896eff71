package org.lowrank4j.compression;

import java.util.Map;
import java.util.Set;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.params.DefaultParamInitializer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.factorisation.Split;
import org.lowrank4j.kind.LayerKinds;
import org.lowrank4j.kind.TwoLayers;
import org.nd4j.linalg.api.ndarray.INDArray;

/** One layer as two: x -&gt; x A + a without activation, and then the layer itself with B in the place of its matrix. */
final class FactoredLayer {

    private static final String WEIGHT = DefaultParamInitializer.WEIGHT_KEY;
    private static final String BIAS = DefaultParamInitializer.BIAS_KEY;

    private final String name;
    private final Layer layer;
    private final TwoLayers two;
    private final Split split;

    FactoredLayer(String name, Layer layer, TwoLayers two, Split split) {
        this.name = name;
        this.layer = layer;
        this.two = two;
        this.split = split;
    }

    /** The name of the first of the two; the second has the layer's own. */
    static String nameOfFirst(String layer) {
        return layer + "-lowrank";
    }

    private int rank() {
        return (int) split.first().size(1);
    }

    NeuralNetConfiguration first() {
        return two.first(nameOfFirst(name), rank(), split.firstBias() != null);
    }

    NeuralNetConfiguration second() {
        return two.second(rank(), split.secondBias() != null);
    }

    /** Writes factors, biases and the layer's other parameters into the two new layers. */
    void copyTo(Layer first, Layer second) {
        for (Map.Entry<String, INDArray> parameter : layer.paramTable().entrySet()) {
            if (!parameter.getKey().equals(WEIGHT)) {
                second.getParam(parameter.getKey()).assign(parameter.getValue());
            }
        }
        matrix(first).assign(split.first());
        matrix(second).assign(two.ofSecond(split.second()));
        setBias(first, split.firstBias());
        setBias(second, split.secondBias());
    }

    private static void setBias(Layer layer, @Nullable INDArray bias) {
        if (bias != null) {
            layer.getParam(BIAS).assign(bias);
        }
    }

    /** The only one that a layer has which can be two; a view. */
    static INDArray matrix(Layer layer) {
        return LayerKinds.matrices(layer, Set.of(WEIGHT)).get(0).view().apply(layer.getParam(WEIGHT));
    }
}
