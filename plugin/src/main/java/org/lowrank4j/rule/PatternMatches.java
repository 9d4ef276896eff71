package org.lowrank4j.rule;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.NearestName;
import org.lowrank4j.network.NetworkShape;
import org.lowrank4j.network.NetworkShape.LayerShape;
import org.lowrank4j.network.NetworkShape.MatrixShape;

/**
 * Matches the layer patterns of one key strictly: each pattern must name at least one layer of the network, and the network
 * must have the end of a range.
 */
final class PatternMatches {

    /** What could have been meant to separate two patterns. */
    private static final Pattern SEPARATOR = Pattern.compile("[;\\s]");

    private static final int LISTED = 24;
    private static final int NEAREST = 3;

    /** Characters of a list: a message is read in a terminal. */
    private static final int LONGEST = 700;

    private PatternMatches() {}

    /**
     * One pattern and the layers that it names, at least one.
     *
     * @param matrices of those layers, the ones that it means
     * @param whole whether it names the layers, and not matrices of theirs
     * @param because the pattern as the report shows it
     */
    record PatternMatch(
            LayerPattern pattern,
            List<LayerShape> layers,
            boolean named,
            boolean ofType,
            Set<MatrixShape> matrices,
            boolean whole,
            String because) {}

    /**
     * Matches every pattern of a list; {@code none} matches nothing. Of a pattern that another network has in full only
     * what this one has counts.
     *
     * @param what the key or the part of the rule, for messages
     * @param rule that has the list, and knows of other networks that it applies to
     * @throws LowRankException if a pattern names no layer of any, or a range goes past the end of all, with the nearest
     *     names and the layers that there are
     */
    static List<PatternMatch> of(String what, Sourced list, NetworkShape network, Rule rule) {
        List<PatternMatch> matches = new ArrayList<>();
        for (LayerPattern pattern : LayerPattern.parse(list.text())) {
            if (pattern.isNone()) {
                continue;
            }
            LayerPattern.Match match = pattern.match(network);
            if (!rule.isChecked()
                    && !isWhole(pattern, match, network)
                    && rule.networks().stream().noneMatch(other -> isWhole(pattern, pattern.match(other), other))) {
                throw refused(pattern, what + " (" + list.source() + ")", network);
            }
            if (match.layers().isEmpty()) {
                continue;
            }
            matches.add(new PatternMatch(
                    pattern,
                    match.layers(),
                    match.named(),
                    match.ofType(),
                    match.matrices(),
                    match.whole(),
                    what + " " + pattern));
        }
        return matches;
    }

    /** Whether a network has what a pattern names. */
    private static boolean isWhole(LayerPattern pattern, LayerPattern.Match match, NetworkShape network) {
        return !match.layers().isEmpty() && !pattern.endsPast(network);
    }

    private static LowRankException refused(LayerPattern pattern, String where, NetworkShape network) {
        int last = network.layers().size() - 1;
        String problem = pattern.endsPast(network)
                ? "The range '" + pattern + "' of " + where + " goes past the end: the last layer of this "
                        + network.kind() + " is " + last + ", and a range to the end is written without one (0..)"
                : "No layer matches '" + pattern + "' of " + where + ofItsLayer(pattern, network)
                        + (SEPARATOR.matcher(pattern.text()).find() ? ". A list is separated by ':' or ','" : "")
                        + ". Nearest: "
                        + nearest(pattern, network);
        return new LowRankException(problem + ". Layers of this " + network.kind() + ": " + list(network) + ".");
    }

    /** What a pattern for a matrix could have named in its layer; empty if its layer is not there either. */
    private static String ofItsLayer(LayerPattern pattern, NetworkShape network) {
        int slash = pattern.text().lastIndexOf('/');
        if (slash < 1) {
            return "";
        }
        List<LayerShape> layers = LayerPattern.parse(pattern.text().substring(0, slash)).stream()
                .flatMap(layer -> layer.match(network).layers().stream())
                .toList();
        if (layers.isEmpty()) {
            return "";
        }
        LayerShape first = layers.get(0);
        if (first.matrices().isEmpty()) {
            return ": '" + first.name() + "' (" + first.type() + ") has no matrix that can be adapted";
        }
        List<String> matrices =
                first.matrices().stream().map(MatrixShape::parameter).toList();
        return ": the matrices of '" + first.name() + "' are " + String.join(", ", matrices)
                + (first.vectors().isEmpty()
                        ? ""
                        : "; its vectors, " + String.join(", ", first.vectors()) + ", train by bias=all");
    }

    private static String nearest(LayerPattern pattern, NetworkShape network) {
        Set<String> candidates = new LinkedHashSet<>();
        if (pattern.text().startsWith(LayerPattern.TYPE_PREFIX)) {
            network.layers().forEach(layer -> candidates.add(LayerPattern.TYPE_PREFIX + layer.type()));
            return String.join(", ", NearestName.ranked(pattern.text(), candidates, NEAREST));
        }
        network.layers().forEach(layer -> candidates.add(layer.name()));
        network.layers().forEach(layer -> candidates.add(layer.type()));
        network.layers().stream()
                .filter(layer -> layer.matrices().size() > 1)
                .forEach(layer -> layer.matrices().forEach(matrix -> candidates.add(matrix.key())));
        return String.join(", ", NearestName.ranked(pattern.text(), candidates, NEAREST));
    }

    /** The layers as {@code 0 lstm (LSTM), ...}, cut short where there are very many or their names are long. */
    static String list(NetworkShape network) {
        List<LayerShape> layers = network.layers();
        List<String> shown = new ArrayList<>();
        int length = 0;
        for (LayerShape layer : layers) {
            String one = layer.index() + " " + layer.name() + " (" + layer.type() + ")";
            length += one.length();
            if (shown.size() == LISTED || length > LONGEST) {
                shown.add("and " + (layers.size() - shown.size()) + " more");
                break;
            }
            shown.add(one);
        }
        return String.join(", ", shown);
    }
}
