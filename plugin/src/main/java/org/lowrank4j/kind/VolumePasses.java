package org.lowrank4j.kind;

import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.layers.Convolution3D;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.util.Convolution3DUtils;
import org.lowrank4j.convolution.Frame;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The passes of a three-dimensional convolution. DL4J forgets its dropout on the way back; so do these. */
final class VolumePasses extends ConvolutionPasses {

    VolumePasses(LayerTraining training) {
        super(training);
    }

    @Override
    int rank() {
        return 5;
    }

    @Override
    INDArray channelsFirst(BaseLayer<?> layer, INDArray array) {
        return Volumes.channelsFirst(volumes(layer).getDataFormat(), array);
    }

    @Override
    INDArray inFormat(BaseLayer<?> layer, INDArray array) {
        return Volumes.inFormat(volumes(layer).getDataFormat(), array);
    }

    @Override
    INDArray throughDropout(BaseLayer<?> layer, INDArray below) {
        return below;
    }

    @Override
    Frame goesOver(BaseLayer<?> layer, INDArray input) {
        Convolution3D settings = volumes(layer);
        int[] size = {(int) input.size(2), (int) input.size(3), (int) input.size(4)};
        int[] filter = settings.getKernelSize();
        int[] stride = settings.getStride();
        int[] dilation = settings.getDilation();
        ConvolutionMode mode = settings.getConvolutionMode();
        int[] asked = mode == ConvolutionMode.Same ? null : settings.getPadding();
        int[] places = Convolution3DUtils.get3DOutputSize(input, filter, stride, asked, mode, dilation, true);
        int[] padding = asked == null
                ? Convolution3DUtils.get3DSameModeTopLeftPadding(places, size, filter, stride, dilation)
                : asked;
        return new Frame((int) input.size(1), size, filter, stride, padding, dilation, places);
    }

    private static Convolution3D volumes(BaseLayer<?> layer) {
        return (Convolution3D) settings(layer);
    }
}
