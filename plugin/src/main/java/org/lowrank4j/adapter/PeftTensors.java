package org.lowrank4j.adapter;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.kind.PeftForm;
import org.lowrank4j.method.Excerpt;
import org.lowrank4j.network.NetworkShape.MatrixShape;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Names and shapes of PEFT's tensors. PEFT keeps matrices as (out x in): lora_A is A^T (r x nIn), lora_B is B^T (nOut x
 * r), and the weight of a layer that was trained in full is W^T (nOut x nIn). Those of convolutions and embeddings are as
 * {@link PeftForm} says. A layer's W has the module LAYER, any other matrix of it LAYER.PARAMETER.
 */
final class PeftTensors {

    private static final String PREFIX = "base_model.model.";
    private static final String OURS = "lowrank4j/";
    private static final String BIAS = "b";

    /** Suffixes of tensor names, longest first where one ends another. */
    private enum Kind {
        A(".lora_A.weight"),
        B(".lora_B.weight"),
        EMBEDDING_A(".lora_embedding_A"),
        EMBEDDING_B(".lora_embedding_B"),
        MAGNITUDE(".lora_magnitude_vector"),
        BASE_BIAS(".base_layer.bias"),
        BIAS(".bias"),
        WEIGHT(".weight");

        private final String suffix;

        Kind(String suffix) {
            this.suffix = suffix;
        }
    }

    private PeftTensors() {}

    /** The tensors of an adapter, by name. */
    static Map<String, INDArray> write(Adapter adapter) {
        Map<String, INDArray> tensors = new TreeMap<>();
        Map<String, LayerAdapter> adapted = modules(adapter);
        adapted.forEach((module, layer) -> {
            PeftForm form = layer.form();
            put(tensors, module, form.embedding() ? Kind.EMBEDDING_A : Kind.A, form.written(layer.a()));
            put(tensors, module, form.embedding() ? Kind.EMBEDDING_B : Kind.B, form.writtenB(layer.b()));
            INDArray magnitude = layer.magnitude();
            if (magnitude != null) {
                put(tensors, module, Kind.MAGNITUDE, form.writtenMagnitude(magnitude));
            }
        });
        adapter.parameters()
                .forEach((layer, arrays) -> arrays.forEach((name, array) -> {
                    if (isWeight(name, array)) {
                        put(tensors, layer, Kind.WEIGHT, array.rank() == 2 ? array.transpose() : array);
                    } else if (isBias(name, array)) {
                        put(tensors, layer, adapted.containsKey(layer) ? Kind.BASE_BIAS : Kind.BIAS, array);
                    } else {
                        tensors.put(OURS + layer + "/" + name, array);
                    }
                }));
        return tensors;
    }

    private static void put(Map<String, INDArray> tensors, String layer, Kind kind, INDArray array) {
        tensors.put(PREFIX + layer + kind.suffix, array);
    }

    /**
     * What is adapted, by PEFT's name of the module, in the adapter's order.
     *
     * @throws LowRankException if a layer is called what PEFT would call a matrix of another
     */
    static Map<String, LayerAdapter> modules(Adapter adapter) {
        Map<String, LayerAdapter> modules = new LinkedHashMap<>();
        adapter.layers().forEach((key, layer) -> {
            String name = Adapter.layerOf(key, layer);
            boolean ofLayer = layer.parameter().equals(MatrixShape.WEIGHT);
            String module = ofLayer ? name : name + "." + layer.parameter();
            if (modules.put(module, layer) != null
                    || !ofLayer && adapter.parameters().containsKey(module)) {
                throw new LowRankException("PEFT's layout would have two modules of the name " + Excerpt.of(module)
                        + ", a layer and the matrix " + Excerpt.of(layer.parameter()) + " of layer " + Excerpt.of(name)
                        + ". Give the layer another name.");
            }
        });
        return modules;
    }

    /** A dense weight, or a convolution kernel, which has the same shape in both libraries. */
    private static boolean isWeight(String name, INDArray array) {
        return name.equals(MatrixShape.WEIGHT) && (array.rank() == 2 || array.rank() == 4);
    }

    /** Whether PEFT has a place of its own for a bias among these parameters of a layer. */
    static boolean hasBias(Map<String, INDArray> parameters) {
        INDArray bias = parameters.get(BIAS);
        return bias != null && isBias(BIAS, bias);
    }

    private static boolean isBias(String name, INDArray array) {
        return name.equals(BIAS) && array.rank() == 1;
    }

    /** PEFT's word for the biases that are in it beside those of layers that are saved as a whole. */
    static String bias(Adapter adapter) {
        Set<String> adapted = modules(adapter).keySet();
        boolean ofAdapted = false;
        boolean ofOthers = false;
        for (Map.Entry<String, Map<String, INDArray>> entry :
                adapter.parameters().entrySet()) {
            if (hasBias(entry.getValue())) {
                ofAdapted |= adapted.contains(entry.getKey());
                ofOthers |=
                        !adapted.contains(entry.getKey()) && !entry.getValue().containsKey(MatrixShape.WEIGHT);
            }
        }
        return ofOthers ? "all" : ofAdapted ? "lora_only" : "none";
    }

    /** Layers whose W is in it as a whole. */
    static Set<String> wholeModules(Adapter adapter) {
        Set<String> whole = new LinkedHashSet<>();
        adapter.parameters().forEach((layer, arrays) -> {
            INDArray weight = arrays.get(MatrixShape.WEIGHT);
            if (weight != null && isWeight(MatrixShape.WEIGHT, weight)) {
                whole.add(layer);
            }
        });
        return whole;
    }

    /**
     * The adapter that tensors and settings make.
     *
     * @throws LowRankException if a tensor is missing, unknown, or of a shape that the settings do not say
     */
    static Adapter read(PeftConfig config, Map<String, INDArray> tensors) {
        Map<String, Map<Kind, INDArray>> modules = new TreeMap<>();
        Map<String, Map<String, INDArray>> parameters = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> {
            if (name.startsWith(OURS)) {
                String path = name.substring(OURS.length());
                int slash = path.lastIndexOf('/');
                if (slash <= 0 || slash == path.length() - 1) {
                    throw unknown(name, "it does not name a layer and a parameter");
                }
                put(parameters, path.substring(0, slash), path.substring(slash + 1), tensor, name);
            } else {
                Kind kind = kind(name);
                String module = name.substring(PREFIX.length(), name.length() - kind.suffix.length());
                modules.computeIfAbsent(module, key -> new EnumMap<>(Kind.class))
                        .put(kind, tensor);
            }
        });
        Map<String, LayerAdapter> layers = new LinkedHashMap<>();
        for (String module : inOrder(modules.keySet(), config.order())) {
            Map<Kind, INDArray> found = modules.get(module);
            if (found != null) {
                LayerAdapter layer = layer(config, module, found);
                if (layer != null) {
                    String name = config.layer(module);
                    if (layers.put(MatrixShape.key(name, layer.parameter()), layer) != null) {
                        throw new LowRankException("two modules are for " + Excerpt.of(layer.parameter()) + " of layer "
                                + Excerpt.of(name) + ".");
                    }
                }
                whole(module, found, parameters);
            }
        }
        return new Adapter(layers, parameters, config.base(), config.metadata());
    }

    private static List<String> inOrder(Set<String> modules, List<String> order) {
        Set<String> all = new LinkedHashSet<>(order);
        all.retainAll(modules);
        all.addAll(modules);
        return new ArrayList<>(all);
    }

    private static Kind kind(String name) {
        if (name.startsWith(PREFIX)) {
            for (Kind kind : Kind.values()) {
                if (name.endsWith(kind.suffix) && name.length() > PREFIX.length() + kind.suffix.length()) {
                    if ((kind == Kind.WEIGHT || kind == Kind.BIAS) && name.contains(".lora_")) {
                        break;
                    }
                    return kind;
                }
            }
        }
        throw unknown(
                name,
                "known are " + PREFIX + "LAYER followed by "
                        + Arrays.stream(Kind.values()).map(kind -> kind.suffix).toList());
    }

    private static LowRankException unknown(String tensor, String why) {
        return new LowRankException("the tensor \"" + Excerpt.of(tensor)
                + "\" belongs to no feature that can be represented: " + why + ".");
    }

    private static @Nullable LayerAdapter layer(PeftConfig config, String module, Map<Kind, INDArray> found) {
        INDArray a = either(module, found, Kind.A, Kind.EMBEDDING_A);
        INDArray b = either(module, found, Kind.B, Kind.EMBEDDING_B);
        INDArray magnitude = found.get(Kind.MAGNITUDE);
        if (a == null && b == null && magnitude == null) {
            return null;
        }
        if (a == null || b == null) {
            throw new LowRankException("of module " + Excerpt.of(module) + " only " + names(found)
                    + " are there; an adapter needs" + " both factors, lora_A and lora_B.");
        }
        if (found.containsKey(Kind.A) != found.containsKey(Kind.B)) {
            throw new LowRankException("of module " + Excerpt.of(module) + " only " + names(found)
                    + " are there: one factor of a dense layer and one of an embedding make no adapter.");
        }
        PeftForm form;
        try {
            form = PeftForm.of(found.containsKey(Kind.EMBEDDING_A), a, b);
        } catch (LowRankException unknown) {
            throw new LowRankException(
                    "the factors of module " + Excerpt.of(module) + " " + unknown.getMessage() + ".", unknown);
        }
        int rank = config.rank(module);
        if (a.size(0) != rank || b.size(1) != rank) {
            throw new LowRankException("module " + Excerpt.of(module) + " has the rank " + rank
                    + " by the configuration, and its factors are " + Arrays.toString(a.shape()) + " (r x nIn) and "
                    + Arrays.toString(b.shape()) + " (nOut x r).");
        }
        if (config.dora() != (magnitude != null)) {
            throw new LowRankException("use_dora is " + config.dora() + ", and module " + Excerpt.of(module)
                    + (magnitude == null ? " has no" : " has a") + " lora_magnitude_vector.");
        }
        return new LayerAdapter(
                form.read(a),
                form.readB(b),
                config.alpha(module),
                config.scaling(),
                magnitude,
                config.parameter(module),
                form);
    }

    private static Set<String> names(Map<Kind, INDArray> found) {
        Set<String> names = new TreeSet<>();
        found.keySet().forEach(kind -> names.add(kind.suffix.substring(1)));
        return names;
    }

    /** The one that is there of two tensors for one and the same parameter. */
    private static @Nullable INDArray either(String module, Map<Kind, INDArray> found, Kind one, Kind other) {
        if (found.containsKey(one) && found.containsKey(other)) {
            throw new LowRankException("of module " + Excerpt.of(module) + " both " + one.suffix.substring(1) + " and "
                    + other.suffix.substring(1) + " are there, two tensors for one parameter. Keep one of them.");
        }
        INDArray array = found.get(one);
        return array == null ? found.get(other) : array;
    }

    private static void whole(String module, Map<Kind, INDArray> found, Map<String, Map<String, INDArray>> parameters) {
        INDArray weight = found.get(Kind.WEIGHT);
        if (weight != null) {
            if (weight.rank() != 2 && weight.rank() != 4) {
                throw new LowRankException(
                        "the weight of module " + Excerpt.of(module) + ", saved as a whole, has the shape "
                                + Arrays.toString(weight.shape())
                                + ", and only weights of dense and convolution layers have a known counterpart in DL4J.");
            }
            put(
                    parameters,
                    module,
                    MatrixShape.WEIGHT,
                    weight.rank() == 2 ? weight.transpose() : weight,
                    module + Kind.WEIGHT.suffix);
        }
        INDArray bias = either(module, found, Kind.BASE_BIAS, Kind.BIAS);
        if (bias != null) {
            if (bias.rank() != 1) {
                throw new LowRankException("the bias of module " + Excerpt.of(module) + " has the shape "
                        + Arrays.toString(bias.shape()) + ", and it must have one entry per output.");
            }
            put(parameters, module, BIAS, bias, module + Kind.BIAS.suffix);
        }
    }

    private static void put(
            Map<String, Map<String, INDArray>> parameters, String layer, String name, INDArray array, String tensor) {
        if (parameters.computeIfAbsent(layer, key -> new TreeMap<>()).put(name, array) != null) {
            throw unknown(
                    tensor, "the parameter " + Excerpt.of(name) + " of layer " + Excerpt.of(layer) + " is there twice");
        }
    }
}
