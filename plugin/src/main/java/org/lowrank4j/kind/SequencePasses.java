package org.lowrank4j.kind;

import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.lowrank4j.convolution.Frame;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The passes of a one-dimensional convolution: of pictures that are one pixel high. Its filters are (step, channel) x output
 * in memory. DL4J's layer clears what its mask hides after its activation, which its backward pass does not see, and forgets
 * its dropout on the way back; so do these.
 */
final class SequencePasses extends ConvolutionPasses {

    SequencePasses(LayerTraining training) {
        super(training);
    }

    @Override
    int rank() {
        return 3;
    }

    @Override
    boolean masksItsOutput(BaseLayer<?> layer) {
        return layer.getMaskArray() != null;
    }

    @Override
    INDArray throughDropout(BaseLayer<?> layer, INDArray below) {
        return below;
    }

    @Override
    INDArray asPictures(INDArray array) {
        return reshaped(array, new long[] {array.size(0), array.size(1), 1, array.size(2)}, new long[] {
            array.stride(0), array.stride(1), array.size(2) * array.stride(2), array.stride(2)
        });
    }

    @Override
    INDArray asInLayer(INDArray byChannel) {
        return reshaped(byChannel, new long[] {byChannel.size(1), byChannel.size(0), byChannel.size(3)}, new long[] {
            byChannel.stride(1), byChannel.stride(0), byChannel.stride(3)
        });
    }

    private static INDArray reshaped(INDArray array, long[] shape, long[] strides) {
        return Nd4j.create(array.data(), shape, strides, array.offset(), array.ordering(), array.dataType());
    }

    /** As DL4J's operation computes it. */
    @Override
    Frame goesOver(BaseLayer<?> layer, INDArray input) {
        var settings = settings(layer);
        int length = (int) input.size(3);
        int filter = settings.getKernelSize()[0];
        int stride = settings.getStride()[0];
        int dilation = settings.getDilation()[0];
        int reach = (filter - 1) * dilation;
        ConvolutionMode mode = settings.getConvolutionMode();
        int padding = settings.getPadding()[0];
        int places = (length + 2 * padding - reach - 1) / stride + 1;
        if (mode == ConvolutionMode.Same || mode == ConvolutionMode.Causal) {
            places = (length - 1) / stride + 1;
            padding = mode == ConvolutionMode.Causal
                    ? reach
                    : Math.max(0, ((places - 1) * stride + reach + 1 - length) / 2);
        }
        return new Frame(
                (int) input.size(1),
                new int[] {1, length},
                new int[] {1, filter},
                new int[] {1, stride},
                new int[] {0, padding},
                new int[] {1, dilation},
                new int[] {1, places},
                Frame.Order.CHANNELS_LAST);
    }

    @Override
    INDArray matrix(BaseLayer<?> layer) {
        INDArray filters = filters(layer);
        return Matrix.memory(filters, filters.length() / filters.size(0), filters.size(0), 'c');
    }
}
