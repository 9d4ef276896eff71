package org.lowrank4j.compression;

import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;

/** Those of a ComputationGraph. */
final class GraphPasses extends ForwardPasses {

    private final ComputationGraph graph;

    GraphPasses(ComputationGraph graph) {
        this.graph = graph;
    }

    @Override
    List<Target> targets() {
        List<Target> targets = new ArrayList<>();
        for (int index : graph.topologicalSortOrder()) {
            GraphVertex vertex = graph.getVertices()[index];
            if (vertex.hasLayer()) {
                find(vertex.getVertexName(), vertex.getLayer(), (name, layer) -> targets.add(target(name, layer)));
            }
        }
        return targets;
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
    void clear() {
        graph.clear();
        graph.clearLayerMaskArrays();
    }
}
