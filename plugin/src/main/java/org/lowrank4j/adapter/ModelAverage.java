package org.lowrank4j.adapter;

import static org.lowrank4j.average.SavedAverages.AVERAGE;
import static org.lowrank4j.average.SavedAverages.PARAMETERS;
import static org.lowrank4j.average.SavedAverages.SHOWN;
import static org.lowrank4j.average.SavedAverages.STEPS;
import static org.lowrank4j.average.SavedAverages.TENSOR;
import static org.lowrank4j.average.SavedAverages.WEIGHT;
import static org.lowrank4j.average.SavedAverages.WIDTHS;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.average.PostHocEma;
import org.lowrank4j.average.SavedAverages;
import org.lowrank4j.file.TrainingState;
import org.lowrank4j.network.NetworkWeights;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Averages that are made when training has ended: the mean of models saved on its way (arXiv 2306.03241), or an exponential
 * moving average of another width than training kept (arXiv 2312.02696). A model's network gets the average in its place.
 */
public final class ModelAverage {

    private static final String PREFIX = TrainingState.NETWORK + AVERAGE + ".";

    private final ModelFile last;
    private final List<Map<String, INDArray>> snapshots = new ArrayList<>();
    private final List<Long> steps = new ArrayList<>();
    private final List<Double> widths = new ArrayList<>();

    private ModelAverage(List<ModelFile> models) {
        models.forEach(this::read);
        last = models.stream().max(Comparator.comparing(model -> steps(model))).orElseThrow();
    }

    /**
     * The mean of all parameters, in the first model's network.
     *
     * @throws LowRankException if two are of different networks
     */
    public static ModelFile mean(List<ModelFile> models) {
        ModelFile first = models.get(0);
        requireAlike(models);
        INDArray sum = first.network().params().castTo(DataType.DOUBLE);
        models.stream()
                .skip(1)
                .forEach(model -> sum.addi(model.network().params().castTo(DataType.DOUBLE)));
        first.network().params().assign(sum.divi(models.size()));
        return first;
    }

    /**
     * What another width has become of.
     *
     * @param model whose network has it
     * @param distance of its profile from that of the width, in parts of its norm; see {@link PostHocEma#distance}
     */
    public record OfWidth(ModelFile model, double distance) {}

    /**
     * An average of another width, in the network of the model with the most steps.
     *
     * @param models that a training with {@code average=post-hoc-ema} has saved
     * @param width above 0 and below 0.288
     * @throws LowRankException if one has no such averages or is of another network, or its update moves W in another way
     *     than by A and B
     */
    public static OfWidth ofWidth(List<ModelFile> models, double width) {
        requireAlike(models);
        return new ModelAverage(models).make(width);
    }

    private static void requireAlike(List<ModelFile> models) {
        ModelFile first = models.get(0);
        NetworkWeights network = NetworkWeights.of(first.network());
        for (ModelFile model : models) {
            NetworkWeights other = NetworkWeights.of(model.network());
            boolean alike = other.kind().equals(network.kind())
                    && List.copyOf(other.layers().keySet())
                            .equals(List.copyOf(network.layers().keySet()))
                    && other.layers().entrySet().stream()
                            .allMatch(layer ->
                                    network.has(layer.getKey(), layer.getValue().parameters()));
            if (!alike) {
                throw new LowRankException(model.file() + " is of another network than " + first.file() + ": it has "
                        + shapes(other) + ", not " + shapes(network) + ". Average models of one training.");
            }
        }
    }

    private static String shapes(NetworkWeights network) {
        return network.kind() + " " + network.layers().keySet() + " of "
                + network.layers().values().stream()
                        .flatMap(layer -> layer.parameters().values().stream())
                        .mapToLong(INDArray::length)
                        .sum()
                + " parameters";
    }

    private static long steps(ModelFile model) {
        return Objects.requireNonNull(tensor(model, STEPS)).getLong(0);
    }

    private static @Nullable INDArray tensor(ModelFile model, String name) {
        TrainingState state = model.adapters();
        return state == null ? null : state.tensors().get(PREFIX + name);
    }

    private void read(ModelFile model) {
        INDArray its = tensor(model, WIDTHS);
        INDArray shown = tensor(model, SHOWN);
        if (its == null || shown == null) {
            throw new LowRankException(model.file() + " has no averages that another width can be made of: it was not"
                    + " saved by a training with average=post-hoc-ema.");
        }
        if (shown.getLong(0) != 1) {
            throw new LowRankException(
                    model.file() + " was saved within a fit, where the network is what trains. Save it after the fit.");
        }
        for (int i = 0; i < its.length(); i++) {
            snapshots.add(Objects.requireNonNull(model.adapters()).under(PREFIX + SavedAverages.copy(i, "")));
            steps.add(steps(model));
            widths.add(its.getDouble(i));
        }
    }

    private OfWidth make(double width) {
        long[] atStep = steps.stream().mapToLong(Long::longValue).toArray();
        double[] ofWidth = widths.stream().mapToDouble(Double::doubleValue).toArray();
        double[] parts = PostHocEma.coefficients(atStep, ofWidth, steps(last), width);
        NetworkWeights network = NetworkWeights.of(last.network());
        Map<String, INDArray> tensors = new LinkedHashMap<>();
        for (String place : snapshots.get(0).keySet()) {
            INDArray average = sum(place, parts);
            if (place.startsWith(PARAMETERS)) {
                INDArray live = parameters(network, place.substring(PARAMETERS.length()));
                live.assign(average.reshape(average.ordering(), live.shape()));
            } else if (place.startsWith(WEIGHT)) {
                network.matrix(place.substring(WEIGHT.length())).assign(average);
            } else {
                tensors.put(place.substring(TENSOR.length()), average);
            }
        }
        TrainingState state = Objects.requireNonNull(last.adapters());
        state.settings().forEach((key, settings) -> move(network.matrix(key), key, settings, state, tensors));
        return new OfWidth(last, PostHocEma.distance(atStep, ofWidth, parts, steps(last), width));
    }

    private INDArray sum(String place, double[] parts) {
        INDArray sum = wide(snapshots.get(0), place).mul(parts[0]);
        for (int i = 1; i < parts.length; i++) {
            sum.addi(wide(snapshots.get(i), place).muli(parts[i]));
        }
        return sum;
    }

    private INDArray wide(Map<String, INDArray> snapshot, String place) {
        INDArray found = snapshot.get(place);
        if (found == null) {
            throw new LowRankException("The models were saved under different rules: one has no average of "
                    + place.substring(place.indexOf('.') + 1) + ".");
        }
        return found.castTo(DataType.DOUBLE);
    }

    /** Parameters of a layer, or one of them. */
    private static INDArray parameters(NetworkWeights network, String name) {
        NetworkWeights.LayerWeights layer = network.layers().get(name);
        int slash = name.lastIndexOf('/');
        return layer != null || slash < 0
                ? Objects.requireNonNull(layer).trainable().params()
                : network.parameter(name.substring(0, slash), name.substring(slash + 1));
    }

    /** W += s (A' B' - A B) with the averages A' and B' in the places of A and B. */
    private static void move(
            INDArray weight, String key, String settings, TrainingState state, Map<String, INDArray> averages) {
        Map<String, INDArray> saved = state.under(TrainingState.ADAPTER + key + "/");
        Map<String, INDArray> its = new LinkedHashMap<>();
        averages.forEach((name, average) -> {
            if (name.startsWith(key + "/") && name.indexOf('/', key.length() + 1) < 0) {
                its.put(name.substring(key.length() + 1), average);
            }
        });
        if (its.isEmpty()) {
            return;
        }
        INDArray a = saved.get("A");
        INDArray b = saved.get("B");
        if (!settings.startsWith("update=lora ") || a == null || b == null) {
            throw new LowRankException(
                    "Layer " + key + " was trained with " + settings + ", and W follows only the A and"
                            + " B of update=lora, or is averaged itself (update=full, relora, switchlora, adalora, maestro, trp).");
        }
        INDArray before = a.castTo(DataType.DOUBLE).mmul(b.castTo(DataType.DOUBLE));
        INDArray after = its.getOrDefault("A", a)
                .castTo(DataType.DOUBLE)
                .mmul(its.getOrDefault("B", b).castTo(DataType.DOUBLE));
        double scale = TrainedAdapter.number(settings, "scale", key);
        INDArray moved = after.subi(before).muli(scale).addi(weight.castTo(DataType.DOUBLE));
        weight.assign(moved);
    }
}
