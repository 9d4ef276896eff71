package org.lowrank4j.engine;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.layers.IOutputLayer;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.graph.vertex.VertexIndices;
import org.deeplearning4j.nn.graph.vertex.impl.FrozenVertex;
import org.deeplearning4j.nn.graph.vertex.impl.LayerVertex;
import org.deeplearning4j.nn.layers.FrozenLayer;
import org.deeplearning4j.nn.updater.graph.ComputationGraphUpdater;
import org.deeplearning4j.optimize.api.ConvexOptimizer;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/** The parts of a ComputationGraph: its vertices with a layer or with parameters, in topological order. */
final class GraphParts extends NetworkParts {

    private final ComputationGraph graph;

    GraphParts(ComputationGraph graph) {
        this.graph = graph;
    }

    @Override
    Model model() {
        return graph;
    }

    @Override
    String kind() {
        return "ComputationGraph";
    }

    @Override
    List<Part> collect() {
        List<Part> parts = new ArrayList<>();
        long offset = 0;
        for (int index : graph.topologicalSortOrder()) {
            GraphVertex vertex = graph.getVertices()[index];
            if (!vertex.hasLayer() && vertex.numParams() == 0) {
                continue;
            }
            Layer layer = vertex.hasLayer() ? vertex.getLayer() : null;
            boolean preprocessed = vertex instanceof LayerVertex named && named.getLayerPreProcessor() != null;
            Part part = part(parts.size(), vertex.getVertexName(), vertex, layer, offset, preprocessed);
            parts.add(part);
            offset += part.shape().parameterCount();
        }
        return parts;
    }

    @Override
    boolean[] reached(List<Part> parts) {
        GraphVertex[] vertices = graph.getVertices();
        int[] order = graph.topologicalSortOrder();
        boolean[] vertexReached = new boolean[vertices.length];
        for (int i = order.length - 1; i >= 0; i--) {
            GraphVertex vertex = vertices[order[i]];
            if (vertex.isOutputVertex()) {
                vertexReached[order[i]] = true;
            }
            if (stopsBackprop(vertex)) {
                vertexReached[order[i]] = false;
            }
            if (vertexReached[order[i]] && vertex.getInputVertices() != null) {
                for (VertexIndices input : vertex.getInputVertices()) {
                    vertexReached[input.getVertexIndex()] = true;
                }
            }
        }
        boolean[] reached = new boolean[parts.size()];
        for (int i = 0; i < reached.length; i++) {
            reached[i] = vertexReached[vertex(parts.get(i)).getVertexIndex()];
        }
        return reached;
    }

    private static boolean stopsBackprop(GraphVertex vertex) {
        return vertex instanceof FrozenVertex || vertex.hasLayer() && vertex.getLayer() instanceof FrozenLayer;
    }

    private static GraphVertex vertex(Part part) {
        return (GraphVertex) part.trainable();
    }

    @Override
    boolean[] needsEpsilon(List<Part> parts, boolean[] trained) {
        Map<String, Boolean> trainedByName = new HashMap<>();
        for (int i = 0; i < trained.length; i++) {
            trainedByName.put(parts.get(i).shape().name(), trained[i]);
        }
        boolean[] live = live(name -> trainedByName.getOrDefault(name, false));
        boolean[] needed = new boolean[parts.size()];
        for (int i = 0; i < needed.length; i++) {
            VertexIndices[] inputs = vertex(parts.get(i)).getInputVertices();
            needed[i] = parts.get(i).preprocessed();
            for (int k = 0; inputs != null && k < inputs.length; k++) {
                GraphVertex input = graph.getVertices()[inputs[k].getVertexIndex()];
                // A vertex that feeds several others sums their epsilons, and DL4J cannot add null to an array.
                needed[i] |= live[input.getVertexIndex()] || input.getNumOutputConnections() > 1;
            }
        }
        return needed;
    }

    /** By vertex index: whether the vertex or anything that it is computed from is trained, or it is an output. */
    private boolean[] live(Predicate<String> trained) {
        GraphVertex[] vertices = graph.getVertices();
        boolean[] live = new boolean[vertices.length];
        for (int index : graph.topologicalSortOrder()) {
            GraphVertex vertex = vertices[index];
            live[index] = trained.test(vertex.getVertexName()) || vertex.isOutputVertex();
            if (vertex.getInputVertices() != null) {
                for (VertexIndices input : vertex.getInputVertices()) {
                    live[index] |= live[input.getVertexIndex()];
                }
            }
        }
        return live;
    }

    @Override
    Runnable cutBelow(Set<String> trainedNames) {
        GraphVertex[] vertices = graph.getVertices();
        GraphVertex[] originals = vertices.clone();
        boolean[] live = live(trainedNames::contains);
        for (int i = 0; i < vertices.length; i++) {
            if (!live[i] && !vertices[i].isInputVertex() && !stopsBackprop(vertices[i])) {
                // The backward pass of DL4J passes over every FrozenVertex.
                vertices[i] = new FrozenVertex(vertices[i]);
            }
        }
        return () -> System.arraycopy(originals, 0, vertices, 0, originals.length);
    }

    @Override
    void flattenedGradients(@Nullable INDArray gradients) {
        Dl4jInternals.flattenedGradients(graph, gradients);
    }

    @Override
    boolean hasOutputLayers() {
        for (String name : graph.getConfiguration().getNetworkOutputs()) {
            GraphVertex vertex = graph.getVertex(name);
            if (!vertex.hasLayer() || !(vertex.getLayer() instanceof IOutputLayer)) {
                return false;
            }
        }
        return true;
    }

    @Override
    DataType dataType() {
        return graph.getConfiguration().getDataType();
    }

    @Override
    NeuralNetConfiguration configuration() {
        return graph.conf();
    }

    @Override
    int iteration() {
        return graph.getConfiguration().getIterationCount();
    }

    @Override
    int epoch() {
        return graph.getConfiguration().getEpochCount();
    }

    @Override
    void updaterOf(ConvexOptimizer optimizer, @Nullable Object updater) {
        optimizer.setUpdaterComputationGraph((ComputationGraphUpdater) updater);
    }

    @Override
    @Nullable Object updaterOf(ConvexOptimizer optimizer) {
        return optimizer.getComputationGraphUpdater(false);
    }

    @Override
    void show(MultiDataSet batch) {
        graph.setLayerMaskArrays(batch.getFeaturesMaskArrays(), batch.getLabelsMaskArrays());
        graph.setInputs(batch.getFeatures());
        graph.setLabels(batch.getLabels());
    }

    @Override
    Runnable showAgain(MultiDataSet first) {
        INDArray[] inputs = graph.getInputs().clone();
        INDArray[] labels = Dl4jInternals.labels(graph).clone();
        INDArray[] inputMasks = graph.getInputMaskArrays();
        INDArray[] labelMasks = graph.getLabelMaskArrays();
        return () -> {
            graph.setLayerMaskArrays(inputMasks, labelMasks);
            graph.setInputs(inputs);
            graph.setLabels(labels);
        };
    }

    @Override
    void passForward() {
        graph.feedForward(graph.getInputs(), false, false);
    }

    @Override
    void passBothWays() {
        graph.computeGradientAndScore();
    }

    @Override
    Collection<TrainingListener> listeners(Collection<TrainingListener> listeners) {
        return Dl4jInternals.listeners(graph, listeners);
    }

    @Override
    boolean truncatedBackprop() {
        return graph.getConfiguration().getBackpropType() == BackpropType.TruncatedBPTT;
    }
}
