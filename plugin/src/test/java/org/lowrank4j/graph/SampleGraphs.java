package org.lowrank4j.graph;

import java.util.Map;
import java.util.Random;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.TrainingConfig;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv2DConfig;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.PaddingMode;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.IUpdater;

/** Small graphs in double precision, with a cross-entropy of four classes. */
final class SampleGraphs {

    private static final int CLASSES = 4;

    private SampleGraphs() {}

    enum Kind {
        MLP(20),
        /** Attention and feed-forward of matrix products. */
        BLOCK(6, 16),
        CONVOLUTION(2, 8, 8),
        ATTENTION(16, 6),
        /** One weight in two products, the second one with its transpose. */
        TIED(12);

        private final long[] example;

        Kind(long... example) {
            this.example = example;
        }
    }

    static INDArray normal(double deviation, long seed, long... shape) {
        Random random = new Random(seed);
        INDArray array = Nd4j.create(DataType.DOUBLE, shape);
        for (long i = 0; i < array.length(); i++) {
            array.putScalar(i, deviation * random.nextGaussian());
        }
        return array;
    }

    static SameDiff graph(Kind kind, IUpdater updater) {
        SameDiff graph = SameDiff.create();
        long[] shape = new long[kind.example.length + 1];
        shape[0] = -1;
        System.arraycopy(kind.example, 0, shape, 1, kind.example.length);
        SDVariable x = graph.placeHolder("x", DataType.DOUBLE, shape);
        SDVariable y = graph.placeHolder("y", DataType.DOUBLE, -1, CLASSES);
        SDVariable h = switch (kind) {
            case MLP -> mlp(graph, x);
            case BLOCK -> block(graph, x);
            case CONVOLUTION -> convolution(graph, x);
            case ATTENTION -> attention(graph, x);
            case TIED -> tied(graph, x);
        };
        long width = kind == Kind.CONVOLUTION ? 6 : 12;
        SDVariable logits = graph.nn.linear(
                "logits", h, weight(graph, "Wout", 9, width, CLASSES), graph.var("bout", normal(0.1, 8, CLASSES)));
        graph.loss.softmaxCrossEntropy("loss", y, logits, null);
        graph.setLossVariables("loss");
        graph.setTrainingConfig(TrainingConfig.builder()
                .updater(updater)
                .dataSetFeatureMapping("x")
                .dataSetLabelMapping("y")
                .build());
        return graph;
    }

    private static SDVariable weight(SameDiff graph, String name, long seed, long... shape) {
        return graph.var(name, normal(0.3, seed, shape));
    }

    private static SDVariable mlp(SameDiff graph, SDVariable x) {
        SDVariable first = x.mmul(weight(graph, "W1", 1, 20, 10)).add(graph.var("b1", normal(0.1, 2, 10)));
        return graph.nn.gelu(graph.nn.linear(
                graph.math.tanh(first), weight(graph, "W2", 3, 10, 12), graph.var("b2", normal(0.1, 4, 12))));
    }

    private static SDVariable block(SameDiff graph, SDVariable x) {
        SDVariable q = product(graph, x, "Wq", 16, 16, 1);
        SDVariable k = product(graph, x, "Wk", 16, 16, 2);
        SDVariable v = product(graph, x, "Wv", 16, 16, 3);
        SDVariable p = graph.nn.softmax(graph.mmul(q, k, false, true, false).mul(0.25), -1);
        SDVariable h = x.add(product(graph, graph.mmul(p, v), "Wo", 16, 16, 4));
        h = graph.nn.layerNorm(
                h, graph.var("gain", Nd4j.ones(DataType.DOUBLE, 16)), graph.var("shift", normal(0.1, 5, 16)), false, 2);
        h = h.add(product(graph, graph.nn.gelu(product(graph, h, "Wi", 16, 20, 6)), "Wf", 20, 16, 7));
        return graph.math.tanh(h.mean(1).mmul(weight(graph, "Wp", 10, 16, 12)));
    }

    /** M2.1 does not multiply a series by a matrix. */
    private static SDVariable product(SameDiff graph, SDVariable x, String name, long inputs, long outputs, long seed) {
        SDVariable rows = graph.reshape(x, -1, inputs).mmul(weight(graph, name, seed, inputs, outputs));
        return graph.reshape(rows, -1, 6, outputs);
    }

    private static SDVariable convolution(SameDiff graph, SDVariable x) {
        Conv2DConfig config = Conv2DConfig.builder()
                .kH(3)
                .kW(3)
                .sH(1)
                .sW(1)
                .pH(0)
                .pW(0)
                .dH(1)
                .dW(1)
                .paddingMode(PaddingMode.SAME)
                .build();
        SDVariable filters = weight(graph, "K", 1, 3, 3, 2, 6);
        SDVariable h = graph.cnn.conv2d(x, filters, graph.var("kb", normal(0.1, 2, 6)), config);
        return graph.math.tanh(h).mean(2, 3);
    }

    private static SDVariable attention(SameDiff graph, SDVariable x) {
        SDVariable h = graph.nn.multiHeadDotProductAttention(
                x,
                x,
                x,
                weight(graph, "Wq", 1, 2, 8, 16),
                weight(graph, "Wk", 2, 2, 8, 16),
                weight(graph, "Wv", 3, 2, 8, 16),
                weight(graph, "Wo", 4, 16, 12),
                null,
                true);
        return h.mean(2);
    }

    private static SDVariable tied(SameDiff graph, SDVariable x) {
        SDVariable w = weight(graph, "W", 1, 12, 7);
        SDVariable h = graph.math.tanh(x.mmul(w));
        SDVariable back = graph.mmul(h, w, false, true, false);
        return graph.math.tanh(graph.mmul(back, weight(graph, "V", 2, 12, 12), false, true, false));
    }

    static DataSet batch(Kind kind, int examples, long seed) {
        long[] shape = new long[kind.example.length + 1];
        shape[0] = examples;
        System.arraycopy(kind.example, 0, shape, 1, kind.example.length);
        INDArray features = normal(1, seed, shape);
        INDArray labels = Nd4j.zeros(DataType.DOUBLE, examples, CLASSES);
        INDArray rows = features.reshape(examples, -1);
        for (int i = 0; i < examples; i++) {
            int label = (rows.getDouble(i, 0) + rows.getDouble(i, 1) > 0 ? 2 : 0) + (rows.getDouble(i, 2) > 0 ? 1 : 0);
            labels.putScalar(i, label, 1);
        }
        return new DataSet(features, labels);
    }

    static double loss(SameDiff graph, DataSet batch) {
        Map<String, INDArray> placeholders = Map.of("x", batch.getFeatures(), "y", batch.getLabels());
        return graph.output(placeholders, "loss").get("loss").getDouble(0);
    }
}
