package org.lowrank4j.compression;

import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.params.DefaultParamInitializer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.decomposition.EnergyTruncation;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.kind.LayerKinds;
import org.lowrank4j.kind.TwoLayers;
import org.nd4j.linalg.api.ndarray.INDArray;

/** One layer as two: x -&gt; x A without bias and activation, and then the layer itself with B in the place of W. */
final class FactoredLayer {

    private static final String WEIGHT = DefaultParamInitializer.WEIGHT_KEY;

    private final Layer layer;
    private final TwoLayers two;
    private final EnergyTruncation truncation;

    private FactoredLayer(Layer layer, TwoLayers two, EnergyTruncation truncation) {
        this.layer = layer;
        this.two = two;
        this.truncation = truncation;
    }

    /** The two factors of a layer, or null where they would not save parameters, or for a layer that cannot be two. */
    static @Nullable FactoredLayer of(Layer layer, RankChoice choice) {
        TwoLayers two = LayerKinds.twoLayers(layer);
        if (two == null) {
            return null;
        }
        INDArray weight = layer.getParam(WEIGHT);
        ThinSvd svd = ThinSvd.of(weight);
        int rank = Math.max(1, Math.min(svd.size(), choice.rank(name(layer), svd)));
        boolean smaller = rank * (weight.size(0) + weight.size(1)) < weight.length();
        return smaller ? new FactoredLayer(layer, two, new EnergyTruncation(svd, rank)) : null;
    }

    static String name(Layer layer) {
        return layer.conf().getLayer().getLayerName();
    }

    /** The name of the first of the two; the second has the layer's own. */
    static String nameOfFirst(String layer) {
        return layer + "-A";
    }

    NeuralNetConfiguration first() {
        return two.first(nameOfFirst(name(layer)), truncation.rank());
    }

    NeuralNetConfiguration second() {
        return two.second(truncation.rank());
    }

    /** Writes A, B and the layer's other parameters into the two new layers. */
    void copyTo(Layer first, Layer second) {
        first.getParam(WEIGHT).assign(truncation.left());
        for (Map.Entry<String, INDArray> parameter : layer.paramTable().entrySet()) {
            INDArray value = parameter.getKey().equals(WEIGHT) ? truncation.right() : parameter.getValue();
            second.getParam(parameter.getKey()).assign(value);
        }
    }
}
