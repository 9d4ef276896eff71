package org.lowrank4j.rule;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.Excerpt;
import org.lowrank4j.method.NearestName;

/**
 * The {@code when:} of a file entry: all its conditions must hold for a network.
 *
 * <ul>
 *   <li>{@code createdBy}: a class or class.method on the creating stack, with {@code *} for any text;
 *   <li>{@code kind}: MultiLayerNetwork, ComputationGraph or SameDiff;
 *   <li>{@code hasLayer}: a layer pattern that matches at least one layer;
 *   <li>{@code layerCount}: the number of layers;
 *   <li>{@code nth}: the how many-th network of the JVM, from 1;
 *   <li>{@code id}: the id that an annotation gave the network, with {@code *} for any text.
 * </ul>
 */
final class Selector {

    private static final List<String> NAMES = List.of("createdBy", "kind", "hasLayer", "layerCount", "nth", "id");
    private static final List<String> KINDS = List.of("MultiLayerNetwork", "ComputationGraph", "SameDiff");

    private final Map<String, Condition> conditions = new LinkedHashMap<>();
    private final List<String> texts = new ArrayList<>();

    /** One condition on a network and the id that an annotation gave it. */
    private interface Condition {
        boolean holds(Creation creation, Optional<String> id);
    }

    /**
     * Adds a condition.
     *
     * @throws LowRankException if there is no such selector or its value is not allowed
     */
    void add(String name, Sourced value) {
        conditions.put(name, condition(name, value));
        texts.add(name + ": " + Excerpt.of(value.text()));
    }

    /** Number of conditions; of two entries that match, the one with more wins. */
    int size() {
        return conditions.size();
    }

    /** As it was written, in brackets; empty for every network. */
    String text() {
        return texts.isEmpty() ? "" : " (when: " + String.join(", ", texts) + ")";
    }

    boolean matches(Creation creation, Optional<String> id) {
        return conditions.values().stream().allMatch(condition -> condition.holds(creation, id));
    }

    private static Condition condition(String name, Sourced value) {
        return switch (name) {
            case "createdBy" -> {
                Glob glob = new Glob(value.text());
                yield (creation, id) -> creation.stack().stream().anyMatch(frame -> isCreator(glob, frame));
            }
            case "kind" -> {
                checkKind(value);
                yield (creation, id) -> creation.shape().kind().equals(value.text());
            }
            case "hasLayer" -> {
                List<LayerPattern> patterns = patterns(value);
                yield (creation, id) -> patterns.stream()
                        .anyMatch(pattern ->
                                !pattern.match(creation.shape()).layers().isEmpty());
            }
            case "layerCount" -> {
                int count = wholeNumber(name, value, 0);
                yield (creation, id) -> creation.shape().layers().size() == count;
            }
            case "nth" -> {
                int nth = wholeNumber(name, value, 1);
                yield (creation, id) -> creation.nth() == nth;
            }
            case "id" -> {
                Glob glob = new Glob(value.text());
                yield (creation, id) -> id.isPresent() && glob.matches(id.get());
            }
            default ->
                throw new LowRankException("unknown selector '" + Excerpt.of(name) + "' (" + value.source()
                        + "). Known: " + String.join(", ", NAMES) + "." + NearestName.suggestion(name, NAMES));
        };
    }

    private static boolean isCreator(Glob glob, Creation.Frame frame) {
        return glob.matches(frame.className()) || glob.matches(frame.className() + "." + frame.methodName());
    }

    private static void checkKind(Sourced value) {
        if (!KINDS.contains(value.text())) {
            throw new LowRankException(
                    "kind '" + Excerpt.of(value.text()) + "' (" + value.source() + ") is refused: it must be "
                            + String.join(" or ", KINDS) + "." + NearestName.suggestion(value.text(), KINDS));
        }
    }

    private static List<LayerPattern> patterns(Sourced value) {
        try {
            return LayerPattern.parse(value.text());
        } catch (IllegalArgumentException refused) {
            throw new LowRankException(
                    "hasLayer '" + Excerpt.of(value.text()) + "' (" + value.source() + ") is refused: "
                            + refused.getMessage() + ".",
                    refused);
        }
    }

    private static int wholeNumber(String name, Sourced value, int smallest) {
        try {
            int number = Integer.parseInt(value.text());
            if (number >= smallest) {
                return number;
            }
        } catch (NumberFormatException notANumber) {
            throw refusedNumber(name, value, smallest, notANumber);
        }
        throw refusedNumber(name, value, smallest, null);
    }

    private static LowRankException refusedNumber(
            String name, Sourced value, int smallest, @Nullable NumberFormatException cause) {
        return new LowRankException(
                name + " '" + Excerpt.of(value.text()) + "' (" + value.source()
                        + ") is refused: it must be a whole number from " + smallest + " on.",
                cause);
    }
}
