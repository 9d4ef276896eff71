package org.lowrank4j.kind;

import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.params.DeconvolutionParamInitializer;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.convolution.Convolution;
import org.lowrank4j.convolution.Frame;
import org.lowrank4j.convolution.Pictures;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The passes of a transposed convolution: those of the convolution that goes over its output, the other way round. DL4J
 * forgets its dropout on the way back; so do these.
 */
class DeconvolutionPasses extends PicturePasses {

    private static final String WEIGHT = DeconvolutionParamInitializer.WEIGHT_KEY;

    DeconvolutionPasses(LayerTraining training) {
        super(training);
    }

    /** Inputs x outputs x height x width. */
    @Override
    INDArray filters(BaseLayer<?> layer) {
        return training.weight(layer, WEIGHT);
    }

    @Override
    long inputs(BaseLayer<?> layer) {
        return filters(layer).size(0);
    }

    @Override
    long outputs(BaseLayer<?> layer) {
        return filters(layer).size(1);
    }

    @Override
    INDArray throughDropout(BaseLayer<?> layer, INDArray below) {
        return below;
    }

    @Override
    int[] made(Frame frame) {
        return frame.size();
    }

    /** Over the output, whose places are the pixels of the input. */
    @Override
    final Frame goesOver(BaseLayer<?> layer, INDArray input) {
        ConvolutionLayer settings = settings(layer);
        int[] filter = settings.getKernelSize();
        int[] stride = settings.getStride();
        int[] dilation = settings.getDilation();
        int[] padding = settings.getPadding().clone();
        int[] places = new int[filter.length];
        int[] size = new int[filter.length];
        for (int side = 0; side < filter.length; side++) {
            places[side] = (int) input.size(2 + side);
            int seen = (places[side] - 1) * stride[side] + (filter[side] - 1) * dilation[side] + 1;
            if (settings.getConvolutionMode() == ConvolutionMode.Same) {
                size[side] = places[side] * stride[side];
                padding[side] = Math.max(0, (seen - size[side]) / 2);
            } else {
                size[side] = seen - 2 * padding[side];
            }
        }
        return new Frame((int) outputs(layer), size, filter, stride, padding, dilation, places, order());
    }

    Frame.Order order() {
        return Frame.Order.CHANNELS_FIRST;
    }

    @Override
    void forward(BaseLayer<?> layer, Frame frame, Pictures pictures, INDArray z, LayerWorkspaceMgr workspaces) {
        convolution(frame, z).backward(pictures.byChannel(), matrix(layer), z);
    }

    @Override
    void backward(
            BaseLayer<?> layer,
            Frame frame,
            Pictures pictures,
            INDArray delta,
            Gradient trained,
            @Nullable INDArray below,
            LayerWorkspaceMgr workspaces) {
        Convolution convolution = convolution(frame, delta);
        Pictures above = new Pictures(Pictures.exchanged(delta), array -> array.dup('c'));
        WeightGradient gradient = new TransposedGradient(
                frame.patch(),
                inputs(layer),
                () -> new ConvolutionGradient(convolution, above, pictures.byChannel(), frame.patch()));
        INDArray shown = training.take(WEIGHT, gradient, delta.size(1));
        if (shown != null) {
            trained.gradientForVariable().put(WEIGHT, shown);
        }
        if (below != null) {
            convolution.forward(above, matrix(layer), below);
        }
    }

    private Convolution convolution(Frame frame, INDArray made) {
        return engine.convolution(frame, (int) made.size(1), made.dataType());
    }

    /** (output, y, x) x input, column-major: the transpose of M, on its memory. */
    INDArray matrix(BaseLayer<?> layer) {
        INDArray filters = filters(layer);
        return Matrix.memory(filters, filters.length() / filters.size(0), filters.size(0), 'f');
    }
}
