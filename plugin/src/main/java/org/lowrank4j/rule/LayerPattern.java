package org.lowrank4j.rule;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.lowrank4j.LowRankException;
import org.lowrank4j.network.NetworkShape;
import org.lowrank4j.network.NetworkShape.LayerShape;
import org.lowrank4j.network.NetworkShape.MatrixShape;

/**
 * Names layers of a network: by name, by regular expression over the whole name, by index ({@code 3}), by inclusive
 * range ({@code 0..3}, {@code 2..}, {@code ..1}), by type ({@code type:LSTM} or {@code LSTM}, {@code op:matmul} for the
 * operations of a SameDiff graph), or by the sides of matrices ({@code shape:768x64}). What follows a slash names matrices of those layers, by parameter name or regular expression: {@code lstm/RW}, {@code type:LSTM/R?W}.
 *
 * <p>What a text means is decided by the network in this order, so that a layer is always reachable by its own name: a
 * layer's name, an index or range, a type, a regular expression; then the part before its last slash by the same rules.
 */
final class LayerPattern {

    /** Written alone, it names no layer at all. */
    static final String NONE = "none";

    private static final Pattern INDEX = Pattern.compile("\\d{1,9}");
    private static final Pattern RANGE = Pattern.compile("(\\d{0,9})\\.\\.(\\d{0,9})");
    static final String TYPE_PREFIX = "type:";

    /** The types of a SameDiff graph are its operations. */
    private static final String OPERATION_PREFIX = "op:";

    private static final String SIDES_PREFIX = "shape:";
    private static final List<String> PREFIXES = List.of(TYPE_PREFIX, OPERATION_PREFIX, SIDES_PREFIX);

    private final String text;
    private final BoundedPattern expression;

    private LayerPattern(String text) {
        this.text = text;
        this.expression =
                BoundedPattern.compile(PREFIXES.stream().anyMatch(text::startsWith) ? Pattern.quote(text) : text);
    }

    /**
     * The layers of one network that a pattern names.
     *
     * @param layers in the network's order; empty if there is none
     * @param named whether each layer was meant personally (by name or index), not as one of a kind
     * @param ofType whether they were meant as those of a type
     * @param matrices of those layers, the ones that are meant
     * @param whole whether the layers were named, and not matrices of theirs
     */
    record Match(List<LayerShape> layers, boolean named, boolean ofType, Set<MatrixShape> matrices, boolean whole) {

        private static Match of(List<LayerShape> layers, boolean named, boolean ofType) {
            Set<MatrixShape> all = new LinkedHashSet<>();
            layers.forEach(layer -> all.addAll(layer.matrices()));
            return new Match(layers, named, ofType, all, true);
        }

        private Match only(Predicate<MatrixShape> wanted) {
            Set<MatrixShape> some = new LinkedHashSet<>(matrices);
            some.removeIf(wanted.negate());
            Set<String> names = some.stream().map(MatrixShape::layer).collect(Collectors.toSet());
            return new Match(
                    layers.stream()
                            .filter(layer -> names.contains(layer.name()))
                            .toList(),
                    named,
                    ofType,
                    some,
                    false);
        }
    }

    /**
     * Reads a list separated by commas or colons. Separators inside brackets belong to a regular expression, as does one
     * after a backslash, and the colon of {@code type:}, {@code op:} and {@code shape:} to what they name.
     *
     * @throws IllegalArgumentException if an entry is empty or no valid pattern
     */
    static List<LayerPattern> parse(String list) {
        List<LayerPattern> patterns = new ArrayList<>();
        for (String entry : split(list)) {
            patterns.add(parseOne(entry));
        }
        if (patterns.size() > 1 && patterns.stream().anyMatch(LayerPattern::isNone)) {
            throw new IllegalArgumentException("'none' stands alone");
        }
        return patterns;
    }

    /** The list in the one form that equal lists share; otherwise as {@link #parse}. */
    static String canonical(String list) {
        return parse(list).stream().map(LayerPattern::text).collect(Collectors.joining(","));
    }

    private static LayerPattern parseOne(String entry) {
        if (entry.isEmpty() || PREFIXES.contains(entry)) {
            throw new IllegalArgumentException("a layer pattern is empty; write a name, a regular expression, an index,"
                    + " a range such as 0..3, a type such as type:LSTM, or none");
        }
        Matcher range = RANGE.matcher(entry);
        if (range.matches()) {
            if (range.group(1).isEmpty() && range.group(2).isEmpty()) {
                throw new IllegalArgumentException("the range '..' has no end; write 2.. or ..3 or 2..3");
            }
            if (first(range) > last(range)) {
                throw new IllegalArgumentException("the range " + entry + " is empty: it starts after its end");
            }
        }
        return new LayerPattern(entry);
    }

    private static List<String> split(String list) {
        List<String> entries = new ArrayList<>();
        StringBuilder entry = new StringBuilder();
        int depth = 0;
        for (int i = 0; i < list.length(); i++) {
            char c = list.charAt(i);
            if (c == '\\' && i + 1 < list.length()) {
                entry.append(c).append(list.charAt(++i));
                continue;
            }
            depth += "([{".indexOf(c) >= 0 ? 1 : ")]}".indexOf(c) >= 0 ? -1 : 0;
            boolean prefix = c == ':' && PREFIXES.contains(entry.toString().strip() + ":");
            if ((c == ',' || c == ':') && depth <= 0 && !prefix) {
                entries.add(entry.toString().strip());
                entry.setLength(0);
            } else {
                entry.append(c);
            }
        }
        entries.add(entry.toString().strip());
        return entries;
    }

    String text() {
        return text;
    }

    boolean isNone() {
        return text.equals(NONE);
    }

    /** Which layers of the network this names, and which of their matrices; of a range those that there are. */
    Match match(NetworkShape network) {
        Match match = layers(network);
        int slash = text.lastIndexOf('/');
        if (!match.layers().isEmpty() || slash < 1 || slash == text.length() - 1) {
            return match;
        }
        BoundedPattern parameter = BoundedPattern.compile(text.substring(slash + 1));
        return new LayerPattern(text.substring(0, slash))
                .layers(network)
                .only(matrix -> parameter.matches(matrix.parameter()));
    }

    /** Whether this is a range, of layers or of their matrices, with an end that the network has not. */
    boolean endsPast(NetworkShape network) {
        Matcher range = RANGE.matcher(text);
        if (range.matches()) {
            return !range.group(2).isEmpty()
                    && last(range) >= network.layers().size()
                    && those(network, layer -> layer.name().equals(text)).isEmpty();
        }
        int slash = text.lastIndexOf('/');
        return slash > 0
                && layers(network).layers().isEmpty()
                && new LayerPattern(text.substring(0, slash)).endsPast(network);
    }

    private Match layers(NetworkShape network) {
        List<LayerShape> byName = those(network, layer -> layer.name().equals(text));
        if (!byName.isEmpty()) {
            return Match.of(byName, true, false);
        }
        if (INDEX.matcher(text).matches()) {
            int index = Integer.parseInt(text);
            return Match.of(those(network, layer -> layer.index() == index), true, false);
        }
        Matcher range = RANGE.matcher(text);
        if (range.matches()) {
            return Match.of(
                    those(network, layer -> layer.index() >= first(range) && layer.index() <= last(range)),
                    false,
                    false);
        }
        if (text.startsWith(SIDES_PREFIX)) {
            String sides = text.substring(SIDES_PREFIX.length()).strip();
            return Match.of(network.layers(), false, true)
                    .only(matrix -> matrix.sides().equals(sides));
        }
        String type = text.startsWith(TYPE_PREFIX)
                ? text.substring(TYPE_PREFIX.length()).strip()
                : text.startsWith(OPERATION_PREFIX)
                        ? text.substring(OPERATION_PREFIX.length()).strip()
                        : text;
        List<LayerShape> byType = those(network, layer -> isOfType(layer, type));
        if (!byType.isEmpty()) {
            return Match.of(byType, false, true);
        }
        return Match.of(those(network, this::matches), false, false);
    }

    private boolean matches(LayerShape layer) {
        try {
            return expression.matches(layer.name());
        } catch (IllegalArgumentException hostile) {
            throw new LowRankException(
                    "The layers of the network cannot be told: " + hostile.getMessage() + ".", hostile);
        }
    }

    /** A layer that wraps another is of both types. */
    private static boolean isOfType(LayerShape layer, String type) {
        return layer.type().equals(type)
                || Arrays.asList(layer.type().split("[()]")).contains(type);
    }

    private static List<LayerShape> those(NetworkShape network, Predicate<LayerShape> wanted) {
        return network.layers().stream().filter(wanted).toList();
    }

    private static int first(Matcher range) {
        return range.group(1).isEmpty() ? 0 : Integer.parseInt(range.group(1));
    }

    private static int last(Matcher range) {
        return range.group(2).isEmpty() ? Integer.MAX_VALUE : Integer.parseInt(range.group(2));
    }

    @Override
    public String toString() {
        return text;
    }
}
