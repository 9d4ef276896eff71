package org.lowrank4j.kind;

import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.layers.LayerConstraint;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.params.DefaultParamInitializer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.impl.ActivationIdentity;

/**
 * The configurations of a layer as two, for an M that is a product A B of low rank: x -&gt; x A without bias and activation, and
 * then the layer itself with B in the place of M.
 */
public abstract class TwoLayers {

    private final Layer layer;

    private TwoLayers(Layer layer) {
        this.layer = layer;
    }

    /**
     * Those of a dense or output layer.
     *
     * @param type the class of configuration that it must have: a subclass may do something else with W
     * @return null for another type, and for weight noise, which is meant for W and of W's size
     */
    static @Nullable TwoLayers of(Layer layer, Class<? extends FeedForwardLayer> type) {
        return !fits(layer, type)
                ? null
                : new TwoLayers(layer) {
                    @Override
                    FeedForwardLayer narrow(FeedForwardLayer whole) {
                        return dense(whole);
                    }

                    @Override
                    void widen(FeedForwardLayer second) {}
                };
    }

    /**
     * Those of a two-dimensional convolution: filters of the same size, then filters of one pixel.
     *
     * @return null for a subclass, and for weight noise
     */
    static @Nullable TwoLayers ofFilters(Layer layer) {
        return !fits(layer, ConvolutionLayer.class)
                ? null
                : new TwoLayers(layer) {
                    @Override
                    FeedForwardLayer narrow(FeedForwardLayer whole) {
                        ConvolutionLayer filters = (ConvolutionLayer) whole.clone();
                        filters.setHasBias(false);
                        filters.setActivationFn(new ActivationIdentity());
                        filters.setConstraints(null);
                        return filters;
                    }

                    @Override
                    void widen(FeedForwardLayer second) {
                        ConvolutionLayer pixels = (ConvolutionLayer) second;
                        pixels.setKernelSize(new int[] {1, 1});
                        pixels.setStride(new int[] {1, 1});
                        pixels.setPadding(new int[] {0, 0});
                        pixels.setDilation(new int[] {1, 1});
                    }
                };
    }

    private static boolean fits(Layer layer, Class<? extends FeedForwardLayer> type) {
        return layer.conf().getLayer().getClass() == type
                && ((FeedForwardLayer) layer.conf().getLayer()).getWeightNoise() == null;
    }

    /** x -&gt; x M, without bias, activation and constraints, and with the layer's input dropout, updater and regularisation. */
    abstract FeedForwardLayer narrow(FeedForwardLayer whole);

    /** What of a copy of the layer is different where B stands in the place of M. */
    abstract void widen(FeedForwardLayer second);

    /** The configuration of x -&gt; x A. */
    public NeuralNetConfiguration first(String name, int rank) {
        FeedForwardLayer first = narrow((FeedForwardLayer) layer.conf().getLayer());
        first.setLayerName(name);
        first.setNOut(rank);
        return with(first);
    }

    private static DenseLayer dense(FeedForwardLayer whole) {
        DenseLayer first = new DenseLayer.Builder()
                .nIn(whole.getNIn())
                .hasBias(false)
                .activation(new ActivationIdentity())
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
        return first;
    }

    /** The configuration of the layer itself on fewer inputs. Constraints on M are left out: there is no M. */
    public NeuralNetConfiguration second(int rank) {
        FeedForwardLayer second = (FeedForwardLayer) layer.conf().getLayer().clone();
        second.setNIn(rank);
        second.setIDropout(null);
        widen(second);
        if (second.getConstraints() != null) {
            List<LayerConstraint> others = new ArrayList<>();
            for (LayerConstraint constraint : second.getConstraints()) {
                if (!constraint.getParams().contains(DefaultParamInitializer.WEIGHT_KEY)) {
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
}
