package org.lowrank4j.adapter;

import java.lang.ref.Reference;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.deeplearning4j.nn.api.Model;
import org.lowrank4j.LowRankException;
import org.lowrank4j.blas.NativeMemory;
import org.lowrank4j.network.NetworkShape.MatrixShape;
import org.lowrank4j.network.NetworkWeights;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Two networks before and after training, parameter by parameter. Layers that both have in the same shapes are compared;
 * the others of the tuned model are new, such as an output layer for other classes.
 */
final class Difference {

    private static final int WINDOW_BYTES = 1 << 26;

    private final NetworkWeights before;
    private final NetworkWeights after;
    private final Set<String> common;

    private Difference(NetworkWeights before, NetworkWeights after, Set<String> common) {
        this.before = before;
        this.after = after;
        this.common = common;
    }

    /**
     * Puts two networks side by side.
     *
     * @throws LowRankException if they have no layer in common, or numbers of different types
     */
    static Difference of(Model base, Model tuned) {
        NetworkWeights before = NetworkWeights.of(base);
        NetworkWeights after = NetworkWeights.of(tuned);
        Set<String> common = new LinkedHashSet<>(before.layers().keySet());
        common.retainAll(after.layers().keySet());
        common.removeIf(layer -> !before.has(layer, parameters(after, layer)));
        if (common.isEmpty()) {
            throw new LowRankException("The models have no layer of the same name and shape: "
                    + before.layers().keySet() + " in the base and "
                    + after.layers().keySet() + " in the tuned model. The"
                    + " base of an adapter is the model that training started from.");
        }
        common.forEach(layer -> parameters(before, layer).forEach((name, array) -> {
            INDArray changed = after.parameter(layer, name);
            if (array.dataType() != changed.dataType()) {
                throw new LowRankException("The parameter " + name + " of layer " + layer + " is " + text(array)
                        + " in the base and " + text(changed) + " in the tuned model. Bring both models to one type"
                        + " (convertDataType) and save them again.");
            }
        }));
        return new Difference(before, after, common);
    }

    private static Map<String, INDArray> parameters(NetworkWeights network, String layer) {
        return Objects.requireNonNull(network.layers().get(layer)).parameters();
    }

    private static String text(INDArray array) {
        return array.dataType() + Arrays.toString(array.shape());
    }

    /** The matrices that both have, by key, in the base's order. */
    List<String> matrices() {
        return before.matrices().stream().filter(this::has).toList();
    }

    /** Whether both have the matrix, in a layer of the same shapes. */
    boolean has(String key) {
        return before.matrices().contains(key) && common.contains(layer(key));
    }

    /** The layer of a matrix of the base. */
    String layer(String key) {
        return before.place(key).layer();
    }

    /** Whether a matrix differs, and what else its parameter holds does not: peepholes beside the gates of an LSTM. */
    boolean changed(String key) {
        if (sameBits(before(key), after(key))) {
            return false;
        }
        NetworkWeights.Place place = before.place(key);
        INDArray changed = after.parameter(place.layer(), place.parameter());
        if (changed.length() == after(key).length()) {
            return true;
        }
        INDArray original = before.parameter(place.layer(), place.parameter());
        INDArray moved = original.dup(original.ordering());
        place.matrix().view().apply(moved).assign(after(key));
        return sameBits(moved, changed);
    }

    /** A matrix of the base. */
    INDArray before(String key) {
        return before.matrix(key);
    }

    /** The same of the tuned model. */
    INDArray after(String key) {
        return after.matrix(key);
    }

    /** An adapter with these changes by key; every other parameter that differs or is new is in it as a whole. */
    Adapter adapter(Map<String, LayerAdapter> changes, Map<String, String> metadata) {
        Map<String, Map<String, INDArray>> whole = new LinkedHashMap<>();
        after.layers()
                .forEach((layer, tuned) -> tuned.parameters().forEach((name, array) -> {
                    boolean adapted = changes.containsKey(MatrixShape.key(layer, name));
                    if (!adapted && (!common.contains(layer) || !sameBits(before.parameter(layer, name), array))) {
                        whole.computeIfAbsent(layer, key -> new LinkedHashMap<>())
                                .put(name, array);
                    }
                }));
        if (changes.isEmpty() && whole.isEmpty()) {
            throw new LowRankException("The two models have the same parameters, so there is nothing to adapt.");
        }
        Map<String, INDArray> bases = new LinkedHashMap<>();
        Map<String, LayerAdapter> layers = new LinkedHashMap<>();
        changes.forEach((key, change) -> {
            bases.put(key, before(key));
            layers.put(key, change.in(before.place(key).parameter(), Fit.form(before, key)));
        });
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
