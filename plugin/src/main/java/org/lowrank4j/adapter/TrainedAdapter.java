package org.lowrank4j.adapter;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.deeplearning4j.nn.api.Model;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.file.TrainingState;
import org.lowrank4j.network.NetworkWeights;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The adapter that an adapted training made, from the model zip that it wrote and the model that it started from.
 *
 * <p>The zip holds effective weights and the factors as they are now. Where the factors started from a product of 0
 * (kaiming, gaussian, LoRA-XS up to its small core) they are the adapter. Where they started from a part of W (PiSSA,
 * OLoRA, LoRA-GA, ...) the change is s (A B - A0 B0), of rank 2r; it is taken from the two models, which hold it exactly,
 * by a decomposition, and becomes a standard adapter of rank 2r. Which of the two holds is never assumed: the factors must
 * give the tuned weight.
 *
 * <p>The base is needed for more than that: what was trained in full, and which base this is, can only be seen next to it.
 * Layers that the base has not, or in another shape (a new output layer), were trained in full.
 */
public final class TrainedAdapter {

    /** Steps in float round W again and again; their sum stays below this part of its norm, and offsets do not. */
    private static final double FLOAT_DRIFT = 2e-5;

    private static final double DOUBLE_DRIFT = 1e-12;

    /** Begins the metadata that say of a matrix whose adapter was made by a decomposition how far it is from the tuned one. */
    public static final String DECOMPOSED = "decomposed/";

    private static final String STATE = "adapter/";

    private TrainedAdapter() {}

    /**
     * The adapter of a trained model.
     *
     * @param base the model that training started from
     * @param tuned the zip that the training wrote
     * @throws LowRankException if the zip has no state of adapters, an adapted layer is not the base's, or its change has
     *     more than twice the rank (GaLore and SwitchLoRA in the long run, training in full): {@link Extraction}
     *     approximates such a change
     */
    public static Adapter of(ModelFile base, ModelFile tuned) {
        TrainingState state = tuned.adapters();
        if (state == null) {
            throw new LowRankException(tuned.file() + " holds no state of adapters: it was not written by an adapted"
                    + " training. Extract an adapter from the difference of the two models instead.");
        }
        try {
            return of(base.network(), tuned.network(), state);
        } catch (LowRankException refused) {
            throw new LowRankException(
                    "No adapter can be made of " + tuned.file() + " on " + base.file() + ": " + refused.getMessage(),
                    refused);
        }
    }

    static Adapter of(Model base, Model tuned, TrainingState state) {
        Difference difference = Difference.of(base, tuned);
        Map<String, LayerAdapter> layers = new LinkedHashMap<>();
        Map<String, String> metadata = new TreeMap<>();
        state.settings().forEach((layer, settings) -> {
            metadata.put("settings/" + layer, settings);
            if (!difference.has(layer)) {
                throw new LowRankException("Layer " + layer + " was adapted, and the base has no layer of that name and"
                        + " shape: the base is the network as it was when training began. Save that one before the"
                        + " first fit, or extract an adapter, which takes such a layer as a whole.");
            }
            if (difference.changed(layer)) {
                layers.put(layer, layer(layer, settings, state, difference, metadata));
            }
        });
        return difference.adapter(layers, metadata);
    }

    private static LayerAdapter layer(
            String name, String settings, TrainingState state, Difference difference, Map<String, String> metadata) {
        INDArray before = difference.before(name);
        INDArray after = difference.after(name);
        Map<String, INDArray> tensors = tensors(state, name);
        INDArray magnitude = tensors.get("M");
        INDArray a = left(tensors.get("A"), tensors.get("R"));
        INDArray b = tensors.get("B");
        if (a != null && b != null) {
            LayerAdapter saved = LayerAdapter.scaled(a, b, number(settings, "scale", name), magnitude);
            if (distance(saved, before, after) <= drift(after)) {
                return saved;
            }
        }
        INDArray reached = unnormalised(after, tensors.get("ratio"));
        LayerAdapter decomposed = decomposed(before, reached, magnitude, twice(rank(settings, state, name), before));
        double distance = distance(decomposed, before, after);
        if (distance <= drift(after)) {
            metadata.put(DECOMPOSED + name, String.format(Locale.ROOT, "%.1e", distance));
            return decomposed;
        }
        throw new LowRankException(
                NetworkWeights.described(name) + " changed by more than an adapter of rank " + decomposed.rank()
                        + " can hold (" + settings + "). Extract an adapter of a rank of your choice instead.");
    }

    /** DoRA's V, which is W with each column divided by its ratio, 0 for a column of zeros; W itself without ratios. */
    private static INDArray unnormalised(INDArray weight, @Nullable INDArray ratios) {
        if (ratios == null || ratios.length() != weight.size(1)) {
            return weight;
        }
        INDArray wide = ratios.castTo(DataType.DOUBLE);
        INDArray divisors = wide.add(wide.eq(0).castTo(DataType.DOUBLE));
        return weight.castTo(DataType.DOUBLE).divRowVector(divisors.reshape(1, divisors.length()));
    }

    /** A, or A R where a core R is trained between the factors. */
    private static @Nullable INDArray left(@Nullable INDArray a, @Nullable INDArray core) {
        return a == null || core == null || core.rank() != 2 || a.rank() != 2 || a.size(1) != core.size(0)
                ? a
                : a.castTo(DataType.DOUBLE).mmul(core.castTo(DataType.DOUBLE)).castTo(a.dataType());
    }

    private static double rank(String settings, TrainingState state, String layer) {
        Integer found = state.ranks().get(layer);
        return found == null ? number(settings, "rank", layer) : found;
    }

    private static int twice(double rank, INDArray weight) {
        return (int) Math.max(1, Math.min(2 * rank, Math.min(weight.size(0), weight.size(1))));
    }

    private static LayerAdapter decomposed(INDArray before, INDArray after, @Nullable INDArray magnitude, int atMost) {
        INDArray change = after.castTo(DataType.DOUBLE).sub(before.castTo(DataType.DOUBLE));
        LayerAdapter plain = LowRankSplit.leading(change, atMost).adapter(before.dataType());
        return new LayerAdapter(plain.a(), plain.b(), plain.alpha(), plain.scaling(), magnitude);
    }

    private static double drift(INDArray weight) {
        return weight.dataType() == DataType.DOUBLE ? DOUBLE_DRIFT : FLOAT_DRIFT;
    }

    /** How far base and adapter are from the tuned weight, in parts of its norm. */
    private static double distance(LayerAdapter adapter, INDArray before, INDArray after) {
        if (adapter.inputs() != after.size(0) || adapter.outputs() != after.size(1)) {
            return Double.POSITIVE_INFINITY;
        }
        INDArray wanted = after.castTo(DataType.DOUBLE);
        INDArray reached = adapter.effective(before.castTo(DataType.DOUBLE));
        double norm = wanted.norm2Number().doubleValue();
        double difference = reached.sub(wanted).norm2Number().doubleValue();
        return difference == 0 ? 0 : difference / norm;
    }

    private static Map<String, INDArray> tensors(TrainingState state, String layer) {
        String prefix = STATE + layer + "/";
        Map<String, INDArray> tensors = new TreeMap<>();
        state.tensors().forEach((name, tensor) -> {
            if (name.startsWith(prefix)) {
                tensors.put(name.substring(prefix.length()), tensor);
            }
        });
        return tensors;
    }

    static double number(String settings, String key, String layer) {
        for (String word : settings.split(" ")) {
            if (word.startsWith(key + "=")) {
                try {
                    return Double.parseDouble(word.substring(key.length() + 1));
                } catch (NumberFormatException damaged) {
                    throw unusable(settings, key, layer, damaged);
                }
            }
        }
        throw unusable(settings, key, layer, null);
    }

    private static LowRankException unusable(
            String settings, String key, String layer, @Nullable NumberFormatException cause) {
        return new LowRankException(
                "The saved settings of layer " + layer + " have no number for " + key + ": " + settings + ".", cause);
    }
}
