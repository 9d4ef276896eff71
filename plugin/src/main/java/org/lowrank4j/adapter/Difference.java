package org.lowrank4j.adapter;

import java.lang.ref.Reference;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.lowrank4j.LowRankException;
import org.lowrank4j.blas.NativeMemory;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Two networks before and after training, parameter by parameter. Layers that both have in the same shapes are compared;
 * the others of the tuned model are new, such as an output layer for other classes.
 */
final class Difference {

    private static final int WINDOW_BYTES = 1 << 26;

    private final Map<String, Map<String, INDArray>> before;
    private final Map<String, Map<String, INDArray>> after;

    private Difference(Map<String, Map<String, INDArray>> before, Map<String, Map<String, INDArray>> after) {
        this.before = before;
        this.after = after;
    }

    /**
     * Puts two networks side by side.
     *
     * @throws LowRankException if they have no layer in common, or numbers of different types
     */
    static Difference of(Model base, Model tuned) {
        NetworkWeights network = NetworkWeights.of(base);
        Map<String, Map<String, INDArray>> after = NetworkWeights.of(tuned).layers();
        Map<String, Map<String, INDArray>> before = new LinkedHashMap<>(network.layers());
        before.keySet().removeIf(layer -> !network.has(layer, after.getOrDefault(layer, Map.of())));
        if (before.isEmpty()) {
            throw new LowRankException("The models have no layer of the same name and shape: "
                    + network.layers().keySet() + " in the base and " + after.keySet() + " in the tuned model. The"
                    + " base of an adapter is the model that training started from.");
        }
        before.forEach((layer, table) -> table.forEach((name, array) -> {
            INDArray changed = parameter(after, layer, name);
            if (array.dataType() != changed.dataType()) {
                throw new LowRankException("The parameter " + name + " of layer " + layer + " is " + text(array)
                        + " in the base and " + text(changed) + " in the tuned model. Bring both models to one type"
                        + " (convertDataType) and save them again.");
            }
        }));
        return new Difference(before, after);
    }

    private static String text(INDArray array) {
        return array.dataType() + Arrays.toString(array.shape());
    }

    /** The layers that both have, in the base's order. */
    Iterable<String> layers() {
        return before.keySet();
    }

    /** Whether both have the layer, in the same shapes. */
    boolean has(String layer) {
        return before.containsKey(layer);
    }

    /** Whether the layer has a weight matrix W. */
    boolean hasMatrix(String layer) {
        INDArray weight = before.getOrDefault(layer, Map.of()).get(NetworkWeights.WEIGHT);
        return weight != null && weight.rank() == 2;
    }

    /** Whether the layer's W is a matrix and differs. */
    boolean changed(String layer) {
        return hasMatrix(layer) && !sameBits(before(layer), after(layer));
    }

    /** W of the base. */
    INDArray before(String layer) {
        return parameter(before, layer, NetworkWeights.WEIGHT);
    }

    /** W of the tuned model. */
    INDArray after(String layer) {
        return parameter(after, layer, NetworkWeights.WEIGHT);
    }

    private static INDArray parameter(Map<String, Map<String, INDArray>> network, String layer, String name) {
        INDArray parameter = network.getOrDefault(layer, Map.of()).get(name);
        if (parameter == null) {
            throw new LowRankException("The models have no layer " + layer + " with a parameter " + name
                    + "; they have " + network.keySet() + ".");
        }
        return parameter;
    }

    /** An adapter with these changes of W; every other parameter that differs or is new is in it as a whole. */
    Adapter adapter(Map<String, LayerAdapter> layers, Map<String, String> metadata) {
        Map<String, Map<String, INDArray>> whole = new LinkedHashMap<>();
        after.forEach((layer, table) -> table.forEach((name, array) -> {
            boolean adapted = layers.containsKey(layer) && name.equals(NetworkWeights.WEIGHT);
            if (!adapted && (!has(layer) || !sameBits(parameter(before, layer, name), array))) {
                whole.computeIfAbsent(layer, key -> new LinkedHashMap<>()).put(name, array);
            }
        }));
        if (layers.isEmpty() && whole.isEmpty()) {
            throw new LowRankException("The two models have the same parameters, so there is nothing to adapt.");
        }
        Map<String, INDArray> bases = new LinkedHashMap<>();
        layers.keySet().forEach(layer -> bases.put(layer, before(layer)));
        return new Adapter(layers, whole, BaseFingerprint.of(bases), metadata);
    }

    /** Whether two arrays of one shape and type hold the same bits. */
    static boolean sameBits(INDArray left, INDArray right) {
        if (left.isEmpty()) {
            return right.isEmpty();
        }
        INDArray one = left.dup(left.ordering());
        INDArray other = right.dup(left.ordering());
        long bytes = one.length() * one.dataType().width();
        boolean same = true;
        for (long at = 0; at < bytes && same; at += WINDOW_BYTES) {
            int count = (int) Math.min(WINDOW_BYTES, bytes - at);
            same = NativeMemory.window(one, at, count).equals(NativeMemory.window(other, at, count));
        }
        Reference.reachabilityFence(one);
        Reference.reachabilityFence(other);
        return same;
    }
}
