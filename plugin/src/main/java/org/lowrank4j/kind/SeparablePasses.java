package org.lowrank4j.kind;

import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.params.SeparableConvolutionParamInitializer;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.convolution.Convolution;
import org.lowrank4j.convolution.Frame;
import org.lowrank4j.convolution.Pictures;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The passes of a separable convolution: a depthwise one, whose filters are frozen, and filters of one pixel on what it
 * makes. That is made again in the backward pass if a method asks for something of the pointwise gradient.
 */
final class SeparablePasses extends PicturePasses {

    private static final String DEPTHWISE = SeparableConvolutionParamInitializer.DEPTH_WISE_WEIGHT_KEY;
    private static final String POINTWISE = SeparableConvolutionParamInitializer.POINT_WISE_WEIGHT_KEY;
    private static final int[] ONE = {1, 1};
    private static final int[] NONE = {0, 0};

    SeparablePasses(LayerTraining training) {
        super(training);
    }

    /** Multiplier x channels x height x width. */
    @Override
    INDArray filters(BaseLayer<?> layer) {
        return training.weight(layer, DEPTHWISE);
    }

    @Override
    long inputs(BaseLayer<?> layer) {
        return filters(layer).size(1);
    }

    @Override
    long outputs(BaseLayer<?> layer) {
        return training.weight(layer, POINTWISE).size(0);
    }

    @Override
    void forward(BaseLayer<?> layer, Frame frame, Pictures pictures, INDArray z, LayerWorkspaceMgr workspaces) {
        INDArray inner = inner(layer, frame, pictures);
        INDArray matrix = matrix(layer);
        pointwise(frame, matrix, z.size(1)).forward(byChannel(inner), matrix, z);
    }

    /** In the workspace that is open, as {@link #pictures}. */
    private INDArray inner(BaseLayer<?> layer, Frame frame, Pictures pictures) {
        INDArray filters = filters(layer);
        long examples = pictures.asTheyAre().size(0);
        INDArray inner = empty(layer, frame, examples);
        depthwise(layer, frame, (int) examples).forward(pictures, perChannel(filters), inner);
        return inner;
    }

    private INDArray empty(BaseLayer<?> layer, Frame frame, long examples) {
        INDArray filters = filters(layer);
        return Nd4j.createUninitialized(
                filters.dataType(), byChannel(filters.size(0) * filters.size(1), examples, frame.places()), 'c');
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
        long examples = delta.size(1);
        INDArray matrix = matrix(layer);
        Convolution pointwise = pointwise(frame, matrix, examples);
        Pictures inner = new Pictures(() -> Pictures.exchanged(inner(layer, frame, pictures)), array -> array.dup('c'));
        INDArray shown =
                training.take(POINTWISE, new ConvolutionGradient(pointwise, inner, delta, matrix.size(0)), examples);
        if (shown != null) {
            trained.gradientForVariable().put(POINTWISE, shown);
        }
        if (below != null) {
            INDArray innerDelta = empty(layer, frame, examples);
            pointwise.backward(delta, matrix, innerDelta);
            depthwise(layer, frame, (int) examples).backward(innerDelta, perChannel(filters(layer)), below);
        }
    }

    private Convolution depthwise(BaseLayer<?> layer, Frame frame, int examples) {
        INDArray filters = filters(layer);
        return engine.depthwise(frame, (int) filters.size(0), examples, filters.dataType());
    }

    private Convolution pointwise(Frame frame, INDArray matrix, long examples) {
        int[] places = frame.places();
        Frame pixels = new Frame((int) matrix.size(0), places, ONE, ONE, NONE, ONE, places);
        return engine.convolution(pixels, (int) examples, matrix.dataType());
    }

    private static Pictures byChannel(INDArray inner) {
        return new Pictures(Pictures.exchanged(inner), array -> array.dup('c'));
    }

    private static INDArray perChannel(INDArray filters) {
        return Pictures.exchanged(filters);
    }

    /** (channel, multiplier) x output, column-major. */
    private INDArray matrix(BaseLayer<?> layer) {
        INDArray pointwise = training.weight(layer, POINTWISE);
        return Matrix.memory(pointwise, pointwise.length() / pointwise.size(0), pointwise.size(0), 'f');
    }
}
