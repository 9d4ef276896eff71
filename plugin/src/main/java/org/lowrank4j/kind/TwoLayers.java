package org.lowrank4j.kind;

import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.layers.LayerConstraint;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.params.DefaultParamInitializer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.impl.ActivationIdentity;

/**
 * The configurations of a layer as two, for a W that is a product A B of low rank: x -&gt; x A without bias and activation, and
 * then the layer itself with B in the place of W.
 */
public final class TwoLayers {

    private final Layer layer;

    private TwoLayers(Layer layer) {
        this.layer = layer;
    }

    /**
     * Those of a layer.
     *
     * @param type the class of configuration that it must have: a subclass may do something else with W
     * @return null for another type, and for weight noise, which is meant for W and of W's size
     */
    static @Nullable TwoLayers of(Layer layer, Class<? extends FeedForwardLayer> type) {
        return layer.conf().getLayer().getClass() == type
                        && ((FeedForwardLayer) layer.conf().getLayer()).getWeightNoise() == null
                ? new TwoLayers(layer)
                : null;
    }

    /** The configuration of x -&gt; x A, with the layer's input dropout, updater and regularisation. */
    public NeuralNetConfiguration first(String name, int rank) {
        FeedForwardLayer whole = (FeedForwardLayer) layer.conf().getLayer();
        DenseLayer first = new DenseLayer.Builder()
                .nIn(whole.getNIn())
                .nOut(rank)
                .hasBias(false)
                .activation(new ActivationIdentity())
                .name(name)
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
    public NeuralNetConfiguration second(int rank) {
        FeedForwardLayer second = (FeedForwardLayer) layer.conf().getLayer().clone();
        second.setNIn(rank);
        second.setIDropout(null);
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
