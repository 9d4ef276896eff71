package org.lowrank4j.compression;

import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.lowrank4j.file.ModelWeights;

/** Those of a MultiLayerNetwork. */
final class MultiLayerPasses extends ForwardPasses {

    private final MultiLayerNetwork network;

    MultiLayerPasses(MultiLayerNetwork network) {
        this.network = network;
    }

    @Override
    List<Target> targets() {
        List<Target> targets = new ArrayList<>();
        for (int i = 0; i < network.getnLayers(); i++) {
            find(
                    ModelWeights.layerName(network, i),
                    network.getLayer(i),
                    (name, layer) -> targets.add(target(name, layer)));
        }
        return targets;
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
