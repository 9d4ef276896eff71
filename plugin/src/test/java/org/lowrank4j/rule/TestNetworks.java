package org.lowrank4j.rule;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.kind.DefaultTarget;
import org.lowrank4j.network.NetworkShape;
import org.lowrank4j.network.NetworkShape.LayerShape;

/** Shapes of networks for the tests of rules and reports. */
public final class TestNetworks {

    private TestNetworks() {}

    /**
     * The multilayer perceptron that PEFT's guide adapts: 20-2000-2000-2 with layers {@code dense1}, {@code dense2} and
     * the head {@code out}.
     */
    public static NetworkShape peftToy() {
        return network(
                "MultiLayerNetwork", dense("dense1", 20, 2000), dense("dense2", 2000, 2000), head("out", 2000, 2));
    }

    /**
     * One layer of each sort: 0 conv (supported convolution), 1 norm (refused), 2 pool (no parameters), 3 old (frozen),
     * 4 fc1, 5 fc2, 6 out (output layer).
     */
    public static NetworkShape mixed() {
        return mixed(DefaultTarget.ALWAYS);
    }

    /** The same with another default for the convolution. */
    static NetworkShape mixed(DefaultTarget convolution) {
        LayerShape conv = layer("conv", "ConvolutionLayer", 27, 16, false, null, false, Map.of("W", 432L, "b", 16L));
        return network(
                "ComputationGraph",
                conv.with(convolution),
                layer(
                        "norm",
                        "BatchNormalization",
                        0,
                        0,
                        false,
                        "its parameters train together",
                        false,
                        Map.of("gamma", 16L, "beta", 16L, "mean", 16L, "var", 16L)),
                layer("pool", "SubsamplingLayer", 0, 0, false, "it has no parameters", false, Map.of()),
                layer("old", "DenseLayer", 64, 64, false, null, true, Map.of("W", 4096L, "b", 64L)),
                dense("fc1", 64, 32),
                dense("fc2", 32, 16),
                head("out", 16, 4));
    }

    /** A multilayer network of the given layers, which get their indices here. */
    public static NetworkShape network(String kind, LayerShape... layers) {
        List<LayerShape> indexed = new ArrayList<>();
        for (LayerShape layer : layers) {
            indexed.add(layer.with(indexed.size(), layer.frozen()));
        }
        return new NetworkShape(kind, indexed);
    }

    public static LayerShape dense(String name, long inputs, long outputs) {
        return layer(name, "DenseLayer", inputs, outputs, false, null, false, weightAndBias(inputs, outputs));
    }

    public static LayerShape head(String name, long inputs, long outputs) {
        return layer(name, "OutputLayer", inputs, outputs, true, null, false, weightAndBias(inputs, outputs));
    }

    /** Two matrices and a vector. */
    static LayerShape lstm(String name, long inputs, long units) {
        Map<String, Long> parameters = new LinkedHashMap<>();
        parameters.put("W", inputs * 4 * units);
        parameters.put("RW", units * 4 * units);
        parameters.put("b", 4 * units);
        return new LayerShape(
                0,
                name,
                "LSTM",
                List.of(
                        new NetworkShape.MatrixShape(name, "W", inputs, 4 * units, false, null, List.of()),
                        new NetworkShape.MatrixShape(name, "RW", units, 4 * units, false, null, List.of())),
                parameters,
                false,
                DefaultTarget.ALWAYS,
                false,
                List.of("b"),
                List.of(),
                null,
                null);
    }

    private static Map<String, Long> weightAndBias(long inputs, long outputs) {
        Map<String, Long> parameters = new LinkedHashMap<>();
        parameters.put("W", inputs * outputs);
        parameters.put("b", outputs);
        return parameters;
    }

    private static LayerShape layer(
            String name,
            String type,
            long inputs,
            long outputs,
            boolean output,
            @Nullable String vectorRefusal,
            boolean frozen,
            Map<String, Long> parameters) {
        List<String> vectors =
                Stream.of("b", "gamma", "beta").filter(parameters::containsKey).toList();
        List<NetworkShape.MatrixShape> matrices = inputs == 0
                ? List.of()
                : List.of(new NetworkShape.MatrixShape(name, "W", inputs, outputs, true, null, List.of()));
        List<String> statistics =
                Stream.of("mean", "var").filter(parameters::containsKey).toList();
        return new LayerShape(
                0,
                name,
                type,
                matrices,
                parameters,
                output,
                DefaultTarget.ALWAYS,
                frozen,
                vectors,
                statistics,
                matrices.isEmpty() ? "it has no weight matrix that can be adapted" : null,
                vectorRefusal);
    }
}
