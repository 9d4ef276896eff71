package org.lowrank4j.compression;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.layers.LayerConstraint;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.params.DefaultParamInitializer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.decomposition.EnergyTruncation;
import org.lowrank4j.decomposition.ThinSvd;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.api.ndarray.INDArray;

/** One layer as two: x -&gt; x A without bias and activation, and then the layer itself with B in the place of W. */
final class FactoredLayer {

    private static final String WEIGHT = DefaultParamInitializer.WEIGHT_KEY;

    private final Layer layer;
    private final EnergyTruncation truncation;

    private FactoredLayer(Layer layer, EnergyTruncation truncation) {
        this.layer = layer;
        this.truncation = truncation;
    }

    /**
     * The two factors of a layer, or null where they would not save parameters, or for another layer than a DenseLayer or
     * an OutputLayer.
     */
    static @Nullable FactoredLayer of(Layer layer, RankChoice choice) {
        Class<?> type = layer.conf().getLayer().getClass();
        if (type != DenseLayer.class && type != OutputLayer.class) {
            return null;
        }
        if (((FeedForwardLayer) layer.conf().getLayer()).getWeightNoise() != null) {
            // The noise is meant for W, and of W's size.
            return null;
        }
        INDArray weight = layer.getParam(WEIGHT);
        ThinSvd svd = ThinSvd.of(weight);
        int rank = Math.max(1, Math.min(svd.size(), choice.rank(name(layer), svd)));
        boolean smaller = rank * (weight.size(0) + weight.size(1)) < weight.length();
        return smaller ? new FactoredLayer(layer, new EnergyTruncation(svd, rank)) : null;
    }

    static String name(Layer layer) {
        return layer.conf().getLayer().getLayerName();
    }

    /** The name of the first of the two; the second has the layer's own. */
    static String nameOfFirst(String layer) {
        return layer + "-A";
    }

    /** The configuration of x -&gt; x A, with the layer's input dropout, updater and regularisation. */
    NeuralNetConfiguration first() {
        FeedForwardLayer whole = (FeedForwardLayer) layer.conf().getLayer();
        DenseLayer first = new DenseLayer.Builder()
                .nIn(whole.getNIn())
                .nOut(truncation.rank())
                .hasBias(false)
                .activation(new ActivationIdentity())
                .name(nameOfFirst(name(layer)))
                .build();
        first.setIDropout(whole.getIDropout());
        first.setWeightInitFn(whole.getWeightInitFn());
        first.setBiasInit(whole.getBiasInit());
        first.setGainInit(whole.getGainInit());
        first.setRegularization(whole.getRegularization());
        first.setRegularizationBias(whole.getRegularizationBias());
        first.setIUpdater(whole.getIUpdater());
        first.setBiasUpdater(whole.getBiasUpdater());
        first.setGradientNormalization(whole.getGradientNormalization());
        first.setGradientNormalizationThreshold(whole.getGradientNormalizationThreshold());
        first.setTimeDistributedFormat(whole.getTimeDistributedFormat());
        return with(first);
    }

    /** The configuration of the layer itself on fewer inputs. Constraints on W are left out: there is no W. */
    NeuralNetConfiguration second() {
        FeedForwardLayer second = (FeedForwardLayer) layer.conf().getLayer().clone();
        second.setNIn(truncation.rank());
        second.setIDropout(null);
        if (second.getConstraints() != null) {
            List<LayerConstraint> others = new ArrayList<>();
            for (LayerConstraint constraint : second.getConstraints()) {
                if (!constraint.getParams().contains(WEIGHT)) {
                    others.add(constraint);
                }
            }
            second.setConstraints(others.isEmpty() ? null : others);
        }
        return with(second);
    }

    private NeuralNetConfiguration with(org.deeplearning4j.nn.conf.layers.Layer configured) {
        NeuralNetConfiguration configuration = layer.conf().clone();
        configuration.setLayer(configured);
        configuration.clearVariables();
        return configuration;
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
