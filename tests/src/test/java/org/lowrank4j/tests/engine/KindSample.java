package org.lowrank4j.tests.engine;

import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BaseOutputLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LearnedSelfAttentionLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.kind.LayerKind;
import org.lowrank4j.kind.LayerKinds;
import org.lowrank4j.network.NetworkWeights;
import org.lowrank4j.tests.pages.tables.LayerSamples;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** A network of one layer of a type, as far as it is not an output itself under pooling and an output layer. */
record KindSample(String type, @Nullable Layer layer, InputType input) {

    /** The layer's name, and the key of its W. */
    static final String KEY = "it";

    private static final DataType TYPE = DataType.DOUBLE;
    private static final int EXAMPLES = 6;
    private static final int CLASSES = 4;

    static Stream<KindSample> all() {
        return Stream.concat(
                LayerSamples.layers().entrySet().stream()
                        .map(sample -> new KindSample(
                                sample.getKey().getClass().getSimpleName(), sample.getKey(), sample.getValue()))
                        // DL4J's own forward pass throws on this one; it is of a kind with SelfAttentionLayer.
                        .filter(sample -> !(sample.layer() instanceof LearnedSelfAttentionLayer)),
                Stream.of(new KindSample("AttentionVertex", null, LayerSamples.SERIES)));
    }

    ComputationGraph network() {
        GraphBuilder graph = Nets.settings(TYPE, new Adam(0.01))
                .graphBuilder()
                .addInputs("in")
                .setInputTypes(input);
        if (layer == null) {
            graph.addVertex(KEY, LayerSamples.vertex(), "in", "in", "in");
        } else {
            graph.addLayer(KEY, layer.clone(), "in");
        }
        if (layer instanceof BaseOutputLayer) {
            return Nets.initialised(graph.setOutputs(KEY).build());
        }
        String last = KEY;
        if (input.getType() != InputType.Type.FF) {
            graph.addLayer("pool", new GlobalPoolingLayer.Builder().build(), last);
            last = "pool";
        }
        OutputLayer out = new OutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nOut(CLASSES)
                .build();
        return Nets.initialised(
                graph.addLayer("out", out, last).setOutputs("out").build());
    }

    LayerKind kind() {
        ComputationGraph network = network();
        return Objects.requireNonNull(LayerKinds.of(layer == null ? network.getVertex(KEY) : network.getLayer(KEY)));
    }

    /** Whether starts see what goes into all of its matrices. */
    boolean showsInputs() {
        ComputationGraph network = network();
        Trainable its = layer == null ? network.getVertex(KEY) : network.getLayer(KEY);
        return LayerKinds.matrices(its, its.paramTable(false).keySet()).stream()
                .allMatch(matrix -> LayerKinds.showsInputs(its, matrix.parameter()));
    }

    boolean runsPassesOfItsOwn() {
        return layer != null && kind().standIn(network().getLayer(KEY)) != null;
    }

    DataSet data() {
        long[] shape = input.getShape(true);
        shape[0] = EXAMPLES;
        if (layer instanceof RnnOutputLayer) {
            return Data.sequences(1, TYPE, EXAMPLES, (int) shape[1], CLASSES, (int) shape[2]);
        }
        INDArray features = layer instanceof EmbeddingLayer
                ? tokens(EXAMPLES, 1)
                : layer instanceof EmbeddingSequenceLayer ? tokens(EXAMPLES, shape[2]) : Data.normal(1, TYPE, shape);
        return new DataSet(features, Data.oneHot(2, TYPE, EXAMPLES, CLASSES));
    }

    private static INDArray tokens(long... shape) {
        INDArray tokens = Nd4j.create(TYPE, shape);
        for (int i = 0; i < tokens.length(); i++) {
            tokens.putScalar(i, i * i % 5);
        }
        return tokens;
    }

    @Override
    public String toString() {
        return type;
    }

    /** The keys of the layer's matrices. */
    static Set<String> matrices(ComputationGraph network) {
        return NetworkWeights.of(network).matrices().stream()
                .filter(key -> key.equals(KEY) || key.startsWith(KEY + "/"))
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }
}
