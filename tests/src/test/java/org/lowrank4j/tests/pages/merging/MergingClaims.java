package org.lowrank4j.tests.pages.merging;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.lowrank4j.tests.pages.Claim;

/** What papers and algebra lead one to expect of merges, with what the numbers say. */
final class MergingClaims {

    /** Sums of a few hundred thousand squares in float are not more exact than this part of the whole. */
    static final double ROUNDING = 1e-6;

    /** Accuracies of one set of adapters are taken to differ from here on. */
    private static final double POINT = 0.01;

    private MergingClaims() {}

    /** Everything that can be said about these results. */
    static List<Claim> all(Results results) {
        List<Claim> claims = new ArrayList<>();
        claims.add(spectrum(results.reconstructions()));
        claims.add(wholeBasis(results));
        claims.add(againstOne(results));
        claims.add(againstTruncation(results));
        claims.add(updatesAgainstFactors(results));
        return claims;
    }

    private static Claim spectrum(List<Reconstruction> reconstructions) {
        double largest = reconstructions.stream()
                .mapToDouble(Reconstruction::difference)
                .max()
                .orElseThrow();
        return Claim.seen(
                "RMM's squared error is the dropped part of the spectrum",
                largest <= ROUNDING,
                String.format(Locale.ROOT, "they differ by at most %.0e of the adapters' squared norm", largest));
    }

    private static Claim wholeBasis(Results results) {
        Row whole = last(results.of(Row.Kind.REVERSIBLE));
        Row separate = results.separate();
        double largest = 0;
        for (int i = 0; i < whole.accuracies().length; i++) {
            largest = Math.max(largest, Math.abs(whole.accuracies()[i] - separate.accuracies()[i]));
        }
        return Claim.seen(
                "RMM with all basis vectors gives every adapter back",
                largest <= POINT / 100,
                String.format(
                        Locale.ROOT,
                        "with %s accuracies differ by at most %.2f points, at %.0f %% of the storage",
                        whole.settings(),
                        100 * largest,
                        100 * whole.storage(separate)));
    }

    private static Claim againstOne(Results results) {
        Row separate = results.separate();
        Row one = best(results.of(Row.Kind.ONE));
        List<Row> paying = results.of(Row.Kind.REVERSIBLE).stream()
                .filter(row -> row.storage(separate) < 1)
                .toList();
        List<Row> better =
                paying.stream().filter(row -> row.mean() > one.mean() + POINT).toList();
        Row shown = better.isEmpty() ? last(results.of(Row.Kind.REVERSIBLE)) : better.get(0);
        return Claim.seen(
                "RMM in less storage than the adapters beats every merge into one by more than a point",
                !better.isEmpty(),
                (paying.isEmpty() ? "no RMM takes less storage; " : better.isEmpty() ? "" : "from ")
                        + shown(shown, separate) + ", against " + shown(one, separate));
    }

    private static Claim againstTruncation(Results results) {
        Row separate = results.separate();
        List<String> pairs = new ArrayList<>();
        boolean always = true;
        for (Row merged : results.of(Row.Kind.REVERSIBLE)) {
            Row cut = last(results.of(Row.Kind.TRUNCATED).stream()
                    .filter(row -> row.numbers() <= merged.numbers())
                    .toList());
            if (merged.storage(separate) < 1) {
                always &= merged.mean() > cut.mean() + POINT;
                pairs.add(String.format(
                        Locale.ROOT,
                        "%s %.2f %%, %s %.2f %%",
                        merged.settings(),
                        100 * merged.mean(),
                        cut.settings(),
                        100 * cut.mean()));
            }
        }
        return Claim.seen(
                "RMM beats cutting each adapter, to the rank that takes no more storage, by more than a point",
                always && !pairs.isEmpty(),
                pairs.isEmpty() ? "no RMM takes less storage than the adapters" : String.join("; ", pairs));
    }

    /** The product of merged factors has cross terms, which a merge of the changes has not. */
    private static Claim updatesAgainstFactors(Results results) {
        List<String> pairs = new ArrayList<>();
        boolean always = true;
        for (Way[] pair :
                new Way[][] {{Way.LINEAR, Way.SVD}, {Way.TIES, Way.TIES_OF_UPDATES}, {Way.DARE, Way.DARE_OF_UPDATES}}) {
            Row factors = results.of(pair[0]);
            Row updates = results.of(pair[1]);
            always &= updates.mean() > factors.mean() + POINT;
            pairs.add(String.format(
                    Locale.ROOT,
                    "%s %.2f %%, %s %.2f %%",
                    updates.title(),
                    100 * updates.mean(),
                    factors.title(),
                    100 * factors.mean()));
        }
        return Claim.seen(
                "Merging the changes of W beats merging the factors by more than a point, at the same rank",
                always,
                String.join("; ", pairs));
    }

    private static String shown(Row row, Row separate) {
        return String.format(
                Locale.ROOT,
                "%s (%s) %.2f %% at %.1f %% of the storage",
                row.title(),
                row.settings(),
                100 * row.mean(),
                100 * row.storage(separate));
    }

    private static Row best(List<Row> rows) {
        return rows.stream().max(Comparator.comparingDouble(Row::mean)).orElseThrow();
    }

    private static Row last(List<Row> rows) {
        return rows.get(rows.size() - 1);
    }
}
