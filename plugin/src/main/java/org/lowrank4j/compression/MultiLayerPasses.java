package org.lowrank4j.compression;

import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Those of a MultiLayerNetwork. */
final class MultiLayerPasses extends ForwardPasses {

    private final MultiLayerNetwork network;

    MultiLayerPasses(MultiLayerNetwork network) {
        super(network);
        this.network = network;
    }

    @Override
    void pass(Batch batch) {
        network.clearLayerMaskArrays();
        if (batch.masks() != null) {
            network.setLayerMaskArrays(batch.masks()[0], null);
        }
        network.setInput(batch.inputs()[0]);
        network.feedForward(false, false);
    }

    @Override
    INDArray[] outputs(Batch batch) {
        return new INDArray[] {network.output(batch.inputs()[0], false, first(batch.masks()), first(batch.labelMasks()))
        };
    }

    private static @Nullable INDArray first(INDArray @Nullable [] arrays) {
        return arrays == null ? null : arrays[0];
    }

    @Override
    void clear() {
        network.clear();
        network.clearLayerMaskArrays();
    }
}
