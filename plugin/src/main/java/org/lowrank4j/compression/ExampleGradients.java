package org.lowrank4j.compression;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.kind.LayerKind;
import org.lowrank4j.kind.LayerKinds;
import org.lowrank4j.kind.Matrix;
import org.lowrank4j.network.LayerRef;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** dL/dW of single examples, each by a backward pass of its own, in a copy of the network without dropout of inputs. */
final class ExampleGradients {

    private static final String WEIGHT = "W";

    private ExampleGradients() {}

    /** For some layers, by name: for each row of W the sum of the mean square of dL/dW over all examples, nIn x 1. */
    static Map<String, INDArray> squares(Model network, Set<String> names, Calibration data) {
        for (LayerRef layer : LayerRef.all(network)) {
            LayerKind kind = LayerKinds.of(layer.trainable());
            if (kind != null && kind.mixesExamples()) {
                throw new LowRankException(
                        "Gradients of single examples are needed, and layer " + layer.name()
                                + " normalises over the examples of a minibatch. afm learns from the outputs of layers instead.");
            }
        }
        Model copy =
                network instanceof MultiLayerNetwork layers ? layers.clone() : ((ComputationGraph) network).clone();
        Map<String, INDArray> sums = new LinkedHashMap<>();
        for (LayerRef layer : LayerRef.all(copy)) {
            if (layer.layer() != null) {
                layer.layer().conf().getLayer().setIDropout(null);
            }
        }
        for (Batch batch : data.batches()) {
            for (int i = 0; i < batch.examples(); i++) {
                backward(copy, batch.examples(i, i + 1));
                add(copy, names, sums);
            }
        }
        sums.values().forEach(sum -> sum.divi(data.examples()));
        return sums;
    }

    private static void add(Model copy, Set<String> names, Map<String, INDArray> sums) {
        Map<String, INDArray> gradients = copy.gradient().gradientForVariable();
        int index = 0;
        for (LayerRef layer : LayerRef.all(copy)) {
            String prefix = copy instanceof MultiLayerNetwork ? Integer.toString(index++) : layer.name();
            INDArray gradient = gradients.get(prefix + "_" + WEIGHT);
            if (names.contains(layer.name()) && gradient != null) {
                Matrix matrix =
                        LayerKinds.matrices(layer.trainable(), Set.of(WEIGHT)).get(0);
                INDArray wide = matrix.view().apply(gradient).castTo(DataType.DOUBLE);
                INDArray rows = wide.mul(wide).sum(true, 1);
                sums.computeIfAbsent(layer.name(), none -> Nd4j.zeros(DataType.DOUBLE, rows.shape()))
                        .addi(rows);
            }
        }
    }

    private static void backward(Model copy, Batch example) {
        INDArray[] labels = Objects.requireNonNull(example.labels());
        if (copy instanceof MultiLayerNetwork network) {
            network.clearLayerMaskArrays();
            if (example.masks() != null || example.labelMasks() != null) {
                network.setLayerMaskArrays(first(example.masks()), first(example.labelMasks()));
            }
            network.setInput(example.inputs()[0]);
            network.setLabels(labels[0]);
            network.computeGradientAndScore();
        } else {
            ComputationGraph graph = (ComputationGraph) copy;
            graph.clearLayerMaskArrays();
            if (example.masks() != null || example.labelMasks() != null) {
                graph.setLayerMaskArrays(example.masks(), example.labelMasks());
            }
            graph.setInputs(example.inputs());
            graph.setLabels(labels);
            graph.computeGradientAndScore();
        }
    }

    private static @Nullable INDArray first(INDArray @Nullable [] arrays) {
        return arrays == null ? null : arrays[0];
    }
}
