package org.lowrank4j.compression;

import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Those of a ComputationGraph. */
final class GraphPasses extends ForwardPasses {

    private final ComputationGraph graph;

    GraphPasses(ComputationGraph graph) {
        super(graph);
        this.graph = graph;
    }

    @Override
    void pass(Batch batch) {
        graph.clearLayerMaskArrays();
        if (batch.masks() != null) {
            graph.setLayerMaskArrays(batch.masks(), null);
        }
        graph.feedForward(batch.inputs(), false, false);
    }

    @Override
    INDArray[] outputs(Batch batch) {
        return graph.output(false, batch.inputs(), batch.masks(), batch.labelMasks());
    }

    @Override
    void clear() {
        graph.clear();
        graph.clearLayerMaskArrays();
    }
}
