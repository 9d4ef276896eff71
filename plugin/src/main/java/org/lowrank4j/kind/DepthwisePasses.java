package org.lowrank4j.kind;

import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.params.DepthwiseConvolutionParamInitializer;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.convolution.Convolution;
import org.lowrank4j.convolution.Frame;
import org.lowrank4j.convolution.Pictures;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The passes of a depthwise convolution. dL/dM has few entries: it is formed if a method asks for anything of it. */
final class DepthwisePasses extends PicturePasses {

    private static final String WEIGHT = DepthwiseConvolutionParamInitializer.WEIGHT_KEY;

    DepthwisePasses(LayerTraining training) {
        super(training);
    }

    /** Height x width x channels x multiplier. */
    @Override
    INDArray filters(BaseLayer<?> layer) {
        return training.weight(layer, WEIGHT);
    }

    @Override
    long inputs(BaseLayer<?> layer) {
        return filters(layer).size(2);
    }

    @Override
    long outputs(BaseLayer<?> layer) {
        return filters(layer).size(2) * filters(layer).size(3);
    }

    @Override
    void forward(BaseLayer<?> layer, Frame frame, Pictures pictures, INDArray z, LayerWorkspaceMgr workspaces) {
        depthwise(layer, frame, z).forward(pictures, perChannel(filters(layer)), z);
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
        INDArray filters = filters(layer);
        Convolution depthwise = depthwise(layer, frame, delta);
        long places = filters.size(0) * filters.size(1);
        WeightGradient gradient = new FormedWhenAsked(places, outputs(layer), () -> {
            INDArray whole = Nd4j.createUninitialized(filters.dataType(), filters.shape(), 'c');
            depthwise.gradient(pictures, delta, 1, perChannel(whole), 0);
            return Matrix.memory(whole, places, whole.length() / places, 'c');
        });
        INDArray shown = training.take(WEIGHT, gradient, delta.size(1));
        if (shown != null) {
            trained.gradientForVariable().put(WEIGHT, shown);
        }
        if (below != null) {
            depthwise.backward(delta, perChannel(filters), below);
        }
    }

    private Convolution depthwise(BaseLayer<?> layer, Frame frame, INDArray z) {
        return engine.depthwise(frame, (int) filters(layer).size(3), (int) z.size(1), z.dataType());
    }

    private static INDArray perChannel(INDArray filters) {
        return filters.permute(2, 3, 0, 1);
    }
}
