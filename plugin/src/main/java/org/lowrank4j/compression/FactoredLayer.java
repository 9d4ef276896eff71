package org.lowrank4j.compression;

import java.util.Map;
import java.util.Set;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.params.DefaultParamInitializer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.decomposition.EnergyTruncation;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.kind.LayerKinds;
import org.lowrank4j.kind.TwoLayers;
import org.nd4j.linalg.api.ndarray.INDArray;

/** One layer as two: x -&gt; x A without bias and activation, and then the layer itself with B in the place of its matrix. */
final class FactoredLayer {

    private static final String WEIGHT = DefaultParamInitializer.WEIGHT_KEY;

    private final Layer layer;
    private final TwoLayers two;
    private final Cut cut;
    private final EnergyTruncation truncation;

    private FactoredLayer(Layer layer, TwoLayers two, Cut cut, EnergyTruncation truncation) {
        this.layer = layer;
        this.two = two;
        this.cut = cut;
        this.truncation = truncation;
    }

    /** The two factors of a layer, or null where they would not save parameters, or for a layer that cannot be two. */
    static @Nullable FactoredLayer of(Layer layer, RankChoice choice, Cut cut) {
        TwoLayers whole = LayerKinds.twoLayers(layer);
        if (whole == null) {
            return null;
        }
        TwoLayers two = cut == Cut.SPATIAL ? whole.spatial() : whole;
        INDArray weight = two.factored(matrix(layer));
        ThinSvd svd = ThinSvd.of(weight);
        int rank = Math.max(1, Math.min(svd.size(), choice.rank(name(layer), svd)));
        boolean smaller = rank * (weight.size(0) + weight.size(1)) < weight.length();
        // A layer that cannot be cut so is cut as all others.
        Cut its = cut == Cut.SPATIAL && two == whole ? Cut.BALANCED : cut;
        return smaller ? new FactoredLayer(layer, two, its, new EnergyTruncation(svd, rank)) : null;
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
        matrix(first).assign(truncation.left(cut.first()));
        matrix(second).assign(two.ofSecond(truncation.right(cut.second())));
        for (Map.Entry<String, INDArray> parameter : layer.paramTable().entrySet()) {
            if (!parameter.getKey().equals(WEIGHT)) {
                second.getParam(parameter.getKey()).assign(parameter.getValue());
            }
        }
    }

    /** The only one that a layer has which can be two; a view. */
    private static INDArray matrix(Layer layer) {
        return LayerKinds.matrices(layer, Set.of(WEIGHT)).get(0).view().apply(layer.getParam(WEIGHT));
    }
}
