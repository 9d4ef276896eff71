package org.lowrank4j.method;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Finds what a user probably meant by a misspelt name, by Damerau-Levenshtein distance in its restricted form (optimal
 * string alignment: insertion, deletion, substitution, swap of two neighbours, no part edited twice), ignoring case.
 */
public final class NearestName {

    /** Longer texts are no misspelt names, and comparing them takes the square of their length. */
    private static final int LONGEST = 200;

    private NearestName() {}

    /** The fewest edits that turn one text into the other. */
    public static int distance(String left, String right) {
        String a = left.toLowerCase(Locale.ROOT);
        String b = right.toLowerCase(Locale.ROOT);
        int[][] edits = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                edits[i][j] = i == 0 || j == 0 ? i + j : cheapest(a, b, i, j, edits);
            }
        }
        return edits[a.length()][b.length()];
    }

    private static int cheapest(String a, String b, int i, int j, int[][] edits) {
        boolean same = a.charAt(i - 1) == b.charAt(j - 1);
        int best = Math.min(edits[i - 1][j - 1] + (same ? 0 : 1), 1 + Math.min(edits[i - 1][j], edits[i][j - 1]));
        boolean swapped = i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
        return swapped ? Math.min(best, edits[i - 2][j - 2] + 1) : best;
    }

    /** The known name with the fewest edits, if it is near enough to be a misspelling; ties go to the first. */
    public static Optional<String> nearest(String wrong, Collection<String> known) {
        if (wrong.length() > LONGEST) {
            return Optional.empty();
        }
        return known.stream()
                .filter(name -> Math.abs(wrong.length() - name.length()) <= tolerance(wrong))
                .filter(name -> distance(wrong, name) <= tolerance(wrong))
                .min(Comparator.comparingInt(name -> distance(wrong, name)));
    }

    /**
     * The known names that begin with what was written, then the others by distance, at most {@code limit}, however far they are;
     * very long names are left out.
     */
    public static List<String> ranked(String wrong, Collection<String> known, int limit) {
        return known.stream()
                .filter(name -> Math.max(name.length(), wrong.length()) <= LONGEST)
                .distinct()
                .sorted(Comparator.<String, Boolean>comparing(
                                name -> !name.regionMatches(true, 0, wrong, 0, wrong.length()))
                        .thenComparingInt(name -> distance(wrong, name)))
                .limit(limit)
                .toList();
    }

    /** {@code " Did you mean 'x'?"}, or an empty text if nothing is near. */
    public static String suggestion(String wrong, Collection<String> known) {
        return nearest(wrong, known)
                .map(name -> " Did you mean '" + name + "'?")
                .orElse("");
    }

    /** A third of the letters may be wrong, and two always. */
    private static int tolerance(String wrong) {
        return Math.max(2, wrong.length() / 3);
    }
}
