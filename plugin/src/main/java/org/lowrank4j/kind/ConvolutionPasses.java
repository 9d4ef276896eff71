package org.lowrank4j.kind;

import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.params.ConvolutionParamInitializer;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.convolution.Convolution;
import org.lowrank4j.convolution.Frame;
import org.lowrank4j.convolution.Pictures;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The passes of a two-dimensional convolution. dL/dW is never formed unless a method wants it. */
class ConvolutionPasses extends PicturePasses {

    private static final String WEIGHT = ConvolutionParamInitializer.WEIGHT_KEY;

    ConvolutionPasses(LayerTraining training) {
        super(training);
    }

    @Override
    INDArray filters(BaseLayer<?> layer) {
        return training.weight(layer, WEIGHT);
    }

    @Override
    long inputs(BaseLayer<?> layer) {
        return filters(layer).size(1);
    }

    @Override
    long outputs(BaseLayer<?> layer) {
        return filters(layer).size(0);
    }

    @Override
    void forward(BaseLayer<?> layer, Frame frame, Pictures pictures, INDArray z, LayerWorkspaceMgr workspaces) {
        engine.convolution(frame, (int) z.size(1), z.dataType()).forward(pictures, matrix(layer), z);
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
        int examples = (int) delta.size(1);
        Convolution convolution = engine.convolution(frame, examples, delta.dataType());
        INDArray shown =
                training.take(WEIGHT, new ConvolutionGradient(convolution, pictures, delta, frame.patch()), examples);
        if (shown != null) {
            trained.gradientForVariable().put(WEIGHT, shown);
        }
        if (below != null) {
            convolution.backward(delta, matrix(layer), below);
        }
    }

    /** M. */
    INDArray matrix(BaseLayer<?> layer) {
        INDArray filters = filters(layer);
        return Matrix.memory(filters, filters.length() / filters.size(0), filters.size(0), 'f');
    }
}
