package org.lowrank4j.tests.engine;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.ZipFile;
import org.bytedeco.javacpp.Pointer;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.api.Updater;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.updater.BaseMultiLayerUpdater;
import org.deeplearning4j.util.ModelSerializer;
import org.jspecify.annotations.Nullable;
import org.nd4j.common.primitives.Pair;
import org.nd4j.evaluation.IEvaluation;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Everything that an answer shows of numbers, for comparing the answers of two networks. */
final class Shown {

    private final List<Object> all = new ArrayList<>();

    private Shown() {}

    static Shown of(@Nullable Object answer) {
        Shown shown = new Shown();
        shown.add(answer);
        return shown;
    }

    /** Where the two differ by more than the tolerance; empty if nowhere. */
    Optional<String> difference(Shown other, double tolerance) {
        if (all.size() != other.all.size()) {
            return Optional.of(all.size() + " values, and " + other.all.size());
        }
        for (int i = 0; i < all.size(); i++) {
            Object one = all.get(i);
            Object two = other.all.get(i);
            boolean same = one instanceof Double x && two instanceof Double y
                    ? x.equals(y) || Math.abs(x - y) <= tolerance * Math.max(1, Math.abs(x))
                    : one.equals(two);
            if (!same) {
                return Optional.of(one + ", and " + two + " at " + i + " of " + all.size());
            }
        }
        return Optional.empty();
    }

    private void add(@Nullable Object answer) {
        if (answer instanceof INDArray array) {
            if (!array.isEmpty()) {
                for (double value : array.dup('c').data().asDouble()) {
                    all.add(value);
                }
            }
        } else if (answer instanceof Double number) {
            all.add(number);
        } else if (answer instanceof int[] numbers) {
            for (int number : numbers) {
                all.add(number);
            }
        } else if (answer instanceof Object[] several) {
            for (Object one : several) {
                add(one);
            }
        } else if (answer instanceof Collection<?> several) {
            several.forEach(this::add);
        } else if (answer instanceof Map<?, ?> map) {
            map.forEach((key, value) -> {
                all.add(String.valueOf(key));
                add(value);
            });
        } else if (answer instanceof Pair<?, ?> pair) {
            add(pair.getFirst());
            add(pair.getSecond());
        } else if (answer instanceof Gradient gradient) {
            add(gradient.gradientForVariable());
        } else if (answer instanceof IEvaluation<?> evaluation) {
            all.add(evaluation.stats());
        } else if (answer instanceof MultiLayerNetwork || answer instanceof ComputationGraph) {
            add(((Model) answer).params());
        } else if (answer instanceof Layer || answer instanceof Trainable) {
            add(((Trainable) answer).params());
        } else if (answer instanceof BaseMultiLayerUpdater<?> updater) {
            add(updater.getStateViewArray());
        } else if (answer instanceof File file) {
            add(loaded(file));
        } else if (answer instanceof Updater || answer instanceof Pointer) {
            throw new AssertionError("no way to look at " + answer.getClass());
        } else if (isPlain(answer)) {
            all.add(String.valueOf(answer).replaceAll("@[0-9a-f]+", ""));
        } else {
            // A configuration, an optimizer: none has weights.
            all.add(answer.getClass().getName());
        }
    }

    private static boolean isPlain(@Nullable Object answer) {
        return answer == null
                || answer instanceof Number
                || answer instanceof Boolean
                || answer instanceof CharSequence
                || answer instanceof Enum<?>;
    }

    private static Model loaded(File file) {
        try {
            return isGraph(file)
                    ? ModelSerializer.restoreComputationGraph(file, false)
                    : ModelSerializer.restoreMultiLayerNetwork(file, false);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static boolean isGraph(File file) throws IOException {
        try (ZipFile zip = new ZipFile(file)) {
            byte[] json = zip.getInputStream(zip.getEntry("configuration.json")).readAllBytes();
            return new String(json, StandardCharsets.UTF_8).contains("\"vertices\"");
        }
    }
}
