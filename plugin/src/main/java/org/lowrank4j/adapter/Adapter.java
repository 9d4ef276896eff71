package org.lowrank4j.adapter;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.deeplearning4j.nn.api.Model;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.file.NotFinite;
import org.lowrank4j.method.Excerpt;
import org.lowrank4j.method.NearestName;
import org.lowrank4j.network.NetworkShape.MatrixShape;
import org.lowrank4j.network.NetworkWeights;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What training changed in a base network, apart from any network: an immutable value.
 *
 * @param layers the low-rank changes of matrices, by key (LAYER for a layer's W, else LAYER/PARAMETER), in a fixed order
 * @param parameters parameters that were trained in full and replace those of the base (output layers, biases), by
 *     layer and by DL4J's parameter name, sorted
 * @param base what the adapter was made on; null if that is not known, as for adapters of other libraries
 * @param metadata free text by name
 */
public record Adapter(
        Map<String, LayerAdapter> layers,
        Map<String, Map<String, INDArray>> parameters,
        @Nullable BaseFingerprint base,
        Map<String, String> metadata) {

    /**
     * Copies maps and arrays. Sixteen-bit parameters become FLOAT, as factors do.
     *
     * @throws LowRankException if there is nothing in it, one weight is both adapted and replaced, a key does not name the
     *     parameter of its adapter, or a parameter is not of finite floating-point numbers
     */
    public Adapter {
        layers = Collections.unmodifiableMap(new LinkedHashMap<>(layers));
        Map<String, Map<String, INDArray>> copies = new TreeMap<>();
        parameters.forEach((layer, arrays) -> {
            Map<String, INDArray> copied = new TreeMap<>();
            arrays.forEach((name, array) -> copied.put(name, numbers(layer, name, array)));
            if (!copied.isEmpty()) {
                copies.put(layer, Collections.unmodifiableMap(copied));
            }
        });
        parameters = Collections.unmodifiableMap(copies);
        metadata = Collections.unmodifiableMap(new TreeMap<>(metadata));
        if (layers.isEmpty() && parameters.isEmpty()) {
            throw new LowRankException("An adapter must change something: it has neither factors nor parameters.");
        }
        for (Map.Entry<String, LayerAdapter> layer : layers.entrySet()) {
            String name = layer.getValue().parameter();
            String layerName = layerOf(layer.getKey(), layer.getValue());
            if (parameters.getOrDefault(layerName, Map.of()).containsKey(name)) {
                throw new LowRankException("Layer " + Excerpt.of(layerName) + " has both factors for " + name
                        + " and a whole " + name + ". Keep one of them.");
            }
        }
    }

    /** The layer that a key is of. */
    static String layerOf(String key, LayerAdapter layer) {
        String end = MatrixShape.key("", layer.parameter());
        if (!key.endsWith(end) || key.length() == end.length()) {
            throw new LowRankException("The adapter of the parameter " + Excerpt.of(layer.parameter())
                    + " must have the key LAYER" + Excerpt.of(end) + ", and it has " + Excerpt.of(key) + ".");
        }
        return key.substring(0, key.length() - end.length());
    }

    /** The layers that have factors, in the adapter's order. */
    public Set<String> adaptedLayers() {
        Set<String> adapted = new LinkedHashSet<>();
        layers.forEach((key, layer) -> adapted.add(layerOf(key, layer)));
        return adapted;
    }

    private static INDArray numbers(String layer, String name, INDArray array) {
        if (!array.dataType().isFPType()) {
            throw new LowRankException("An adapter holds floating-point numbers, and " + Excerpt.of(name) + " of layer "
                    + Excerpt.of(layer) + " has the type " + array.dataType() + ".");
        }
        INDArray copy = array.castTo(array.dataType() == DataType.DOUBLE ? DataType.DOUBLE : DataType.FLOAT)
                .dup('c');
        long notFinite = NotFinite.count(copy);
        if (notFinite > 0) {
            throw new LowRankException("An adapter must be finite, and " + Excerpt.of(name) + " of layer "
                    + Excerpt.of(layer) + ", trained in full, has " + notFinite + " of " + copy.length()
                    + " entries that are NaN or infinite. Its training diverged, or its file is damaged.");
        }
        return copy;
    }

    /** Only low-rank changes, on a base that is not known. */
    public Adapter(Map<String, LayerAdapter> layers) {
        this(layers, Map.of(), null, Map.of());
    }

    /**
     * The adapter of one matrix.
     *
     * @param key LAYER for a layer's W, else LAYER/PARAMETER
     * @throws LowRankException if it is not adapted
     */
    public LayerAdapter layer(String key) {
        LayerAdapter layer = layers.get(key);
        if (layer == null) {
            throw new LowRankException("The adapter has no layer '" + Excerpt.of(key) + "'; it has "
                    + Excerpt.of(layers.keySet()) + "."
                    + NearestName.suggestion(key, layers.keySet()));
        }
        return layer;
    }

    /**
     * Layers without factors that a network has not, or in another shape: those that the training gave to its base, such
     * as an output layer for other classes.
     *
     * @param network a MultiLayerNetwork or ComputationGraph, initialised
     */
    public Set<String> newLayers(Model network) {
        NetworkWeights weights = NetworkWeights.of(network);
        Set<String> adapted = adaptedLayers();
        Set<String> fresh = new TreeSet<>();
        parameters.forEach((layer, arrays) -> arrays.forEach((name, array) -> {
            if (!adapted.contains(layer) && !weights.has(layer, name, array)) {
                fresh.add(layer);
            }
        }));
        return fresh;
    }

    /** Numbers in factors and magnitudes, without {@link #parameters()}. */
    public long factorCount() {
        return layers.values().stream()
                .mapToLong(layer -> layer.a().length()
                        + layer.b().length()
                        + (layer.magnitude() == null ? 0 : layer.magnitude().length()))
                .sum();
    }

    /** Numbers in {@link #parameters()}. */
    public long parameterCount() {
        return parameters.values().stream()
                .flatMap(arrays -> arrays.values().stream())
                .mapToLong(INDArray::length)
                .sum();
    }

    /** The same with other parameters trained in full; empty to leave them out. */
    public Adapter withParameters(Map<String, Map<String, INDArray>> replaced) {
        return new Adapter(layers, replaced, base, metadata);
    }

    /**
     * The same for a network that names its layers otherwise, for example after a model moved between libraries.
     *
     * @throws LowRankException if two layers get the same name
     */
    public Adapter renamed(UnaryOperator<String> newName) {
        UnaryOperator<String> newKey = key -> {
            LayerAdapter layer = layers.get(key);
            return layer == null
                    ? newName.apply(key)
                    : MatrixShape.key(newName.apply(layerOf(key, layer)), layer.parameter());
        };
        return new Adapter(
                renamed(layers, newKey),
                renamed(parameters, newName),
                base == null ? null : new BaseFingerprint(renamed(base.weights(), newKey)),
                metadata);
    }

    private static <T> Map<String, T> renamed(Map<String, T> map, UnaryOperator<String> newName) {
        Map<String, T> renamed = new LinkedHashMap<>();
        map.forEach((name, value) -> {
            if (renamed.put(newName.apply(name), value) != null) {
                throw new LowRankException("Two layers would be named '" + Excerpt.of(newName.apply(name)) + "'.");
            }
        });
        return renamed;
    }
}
