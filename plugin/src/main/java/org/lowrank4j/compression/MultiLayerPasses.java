package org.lowrank4j.compression;

import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;

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
    void clear() {
        network.clear();
        network.clearLayerMaskArrays();
    }
}
