package org.lowrank4j.kind;

import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.layers.LayerConstraint;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.BaseOutputLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.params.DefaultParamInitializer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The configurations of a layer as two, for an M that is a product A B of low rank: x -&gt; x A without activation, and
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
                        return linear(whole);
                    }

                    @Override
                    void widen(FeedForwardLayer second) {
                        keepSides((ConvolutionLayer) second, false, false);
                    }

                    @Override
                    public TwoLayers spatial() {
                        return ofColumns(layer);
                    }
                };
    }

    /** Those of a two-dimensional convolution: filters of one column, then filters of one row. */
    private static TwoLayers ofColumns(Layer layer) {
        int[] kernel = ((ConvolutionLayer) layer.conf().getLayer()).getKernelSize();
        return new TwoLayers(layer) {
            @Override
            FeedForwardLayer narrow(FeedForwardLayer whole) {
                ConvolutionLayer columns = (ConvolutionLayer) linear(whole);
                keepSides(columns, true, false);
                return columns;
            }

            @Override
            void widen(FeedForwardLayer second) {
                keepSides((ConvolutionLayer) second, false, true);
            }

            @Override
            public INDArray factored(INDArray matrix) {
                return SpatialMatrix.of(matrix, kernel[0], kernel[1]);
            }

            @Override
            public INDArray whole(INDArray factored) {
                return SpatialMatrix.back(factored, kernel[0], kernel[1]);
            }

            @Override
            public INDArray ofSecond(INDArray right) {
                return SpatialMatrix.back(right, 1, kernel[1]);
            }
        };
    }

    /** Of height and width those that are to stay; a side that goes is one pixel. */
    private static void keepSides(ConvolutionLayer filters, boolean height, boolean width) {
        filters.setKernelSize(sides(filters.getKernelSize(), 1, height, width));
        filters.setStride(sides(filters.getStride(), 1, height, width));
        filters.setPadding(sides(filters.getPadding(), 0, height, width));
        filters.setDilation(sides(filters.getDilation(), 1, height, width));
    }

    private static int[] sides(int[] both, int gone, boolean height, boolean width) {
        return new int[] {height ? both[0] : gone, width ? both[1] : gone};
    }

    /** A copy without activation and constraints. */
    private static FeedForwardLayer linear(FeedForwardLayer whole) {
        ConvolutionLayer filters = (ConvolutionLayer) whole.clone();
        filters.setActivationFn(new ActivationIdentity());
        filters.setConstraints(null);
        return filters;
    }

    private static boolean fits(Layer layer, Class<? extends FeedForwardLayer> type) {
        return layer.conf().getLayer().getClass() == type
                && ((FeedForwardLayer) layer.conf().getLayer()).getWeightNoise() == null;
    }

    /** x -&gt; x M, without activation and constraints, and with the layer's input dropout, updater and regularisation. */
    abstract FeedForwardLayer narrow(FeedForwardLayer whole);

    /** What of a copy of the layer is different where B stands in the place of M. */
    abstract void widen(FeedForwardLayer second);

    /** The same layer cut between the height and the width of its filters; itself, if it has none. */
    public TwoLayers spatial() {
        return this;
    }

    /** The matrix that is to be a product of low rank, by default M itself. */
    public INDArray factored(INDArray matrix) {
        return matrix;
    }

    /** M, of {@link #factored}. */
    public INDArray whole(INDArray factored) {
        return factored;
    }

    /**
     * The matrix of the second layer; that of the first is the left factor as it is.
     *
     * @param right the right factor of {@link #factored}
     */
    public INDArray ofSecond(INDArray right) {
        return right;
    }

    /** The configuration of x -&gt; x A, or x -&gt; x A + a. */
    public NeuralNetConfiguration first(String name, int rank, boolean bias) {
        FeedForwardLayer first = narrow((FeedForwardLayer) layer.conf().getLayer());
        first.setLayerName(name);
        first.setNOut(rank);
        setBias(first, bias);
        return with(first);
    }

    private static void setBias(FeedForwardLayer layer, boolean bias) {
        if (layer instanceof DenseLayer dense) {
            dense.setHasBias(bias);
        } else if (layer instanceof BaseOutputLayer output) {
            output.setHasBias(bias);
        } else {
            ((ConvolutionLayer) layer).setHasBias(bias);
        }
    }

    /** Whether the layer adds its bias to x M itself, and not to what becomes of that. */
    public boolean addsBiasToProduct() {
        return !(layer.conf().getLayer() instanceof DenseLayer dense && dense.hasLayerNorm());
    }

    /** Height times width of the filters, 1 for a layer without. */
    public long filterSize() {
        return layer.conf().getLayer() instanceof ConvolutionLayer filters
                ? (long) filters.getKernelSize()[0] * filters.getKernelSize()[1]
                : 1;
    }

    private static DenseLayer dense(FeedForwardLayer whole) {
        DenseLayer first = new DenseLayer.Builder()
                .nIn(whole.getNIn())
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

    /**
     * The configuration of the layer itself on fewer inputs. Constraints on M are left out: there is no M.
     *
     * @param bias whether it has one even if the layer has none
     */
    public NeuralNetConfiguration second(int rank, boolean bias) {
        FeedForwardLayer second = (FeedForwardLayer) layer.conf().getLayer().clone();
        second.setNIn(rank);
        if (bias) {
            setBias(second, true);
        }
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
