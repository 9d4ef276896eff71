package org.lowrank4j.kind;

import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.layers.convolution.Convolution1DLayer;
import org.jspecify.annotations.Nullable;

/**
 * The filters of a one-dimensional convolution, (step, channel) x filter. The parameter says that it is [nOut, nIn, k, 1]; its memory is [k, nIn, nOut],
 * so M is row-major, with the rows (step, channel).
 */
public final class Convolution1d implements LayerKind {

    @Override
    public boolean is(Trainable layer) {
        return layer.getClass() == Convolution1DLayer.class;
    }

    /** DL4J's backward pass takes series to be channels first: it throws, or has wrong gradients where the sides agree. */
    @Override
    public @Nullable String refusal(Trainable layer) {
        return layer instanceof Convolution1DLayer convolution
                        && convolution.conf().getLayer()
                                instanceof org.deeplearning4j.nn.conf.layers.Convolution1DLayer configured
                        && configured.getRnnDataFormat() == RNNFormat.NWC
                ? "Deeplearning4j cannot train it with its format NWC (use RNNFormat.NCW)"
                : null;
    }

    @Override
    public List<Matrix> matrices() {
        return List.of(new Matrix(
                "W",
                array -> Matrix.memory(array, array.length() / array.size(0), array.size(0), 'c'),
                array -> PeftForm.convolution(array.size(2))));
    }

    /** With the time first DL4J's layer does not train. */
    @Override
    public @Nullable StandIn standIn(Layer layer) {
        boolean channelsFirst =
                layer.conf().getLayer() instanceof org.deeplearning4j.nn.conf.layers.Convolution1DLayer settings
                        && settings.getRnnDataFormat() != RNNFormat.NWC
                        && settings.getCnn2dDataFormat() != CNN2DFormat.NHWC;
        return channelsFirst ? SequencePasses::new : null;
    }
}
