package org.lowrank4j.kind;

import org.deeplearning4j.nn.conf.layers.Convolution3D.DataFormat;
import org.deeplearning4j.nn.conf.layers.Deconvolution3D;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.lowrank4j.convolution.Frame;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The passes of a transposed convolution in three dimensions, whose filters are depth x height x width x outputs x inputs. */
final class VolumeDeconvolutionPasses extends DeconvolutionPasses {

    VolumeDeconvolutionPasses(LayerTraining training) {
        super(training);
    }

    @Override
    int rank() {
        return 5;
    }

    @Override
    long inputs(BaseLayer<?> layer) {
        return filters(layer).size(4);
    }

    @Override
    long outputs(BaseLayer<?> layer) {
        return filters(layer).size(3);
    }

    @Override
    Frame.Order order() {
        return Frame.Order.CHANNELS_LAST;
    }

    @Override
    INDArray channelsFirst(BaseLayer<?> layer, INDArray array) {
        return Volumes.channelsFirst(format(layer), array);
    }

    @Override
    INDArray inFormat(BaseLayer<?> layer, INDArray array) {
        return Volumes.inFormat(format(layer), array);
    }

    private static DataFormat format(BaseLayer<?> layer) {
        return ((Deconvolution3D) settings(layer)).getDataFormat();
    }

    /** (depth, y, x, output) x input, row-major: the transpose of M, on its memory. */
    @Override
    INDArray matrix(BaseLayer<?> layer) {
        INDArray filters = filters(layer);
        return Matrix.memory(filters, filters.length() / filters.size(4), filters.size(4), 'c');
    }
}
