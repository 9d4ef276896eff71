package org.lowrank4j.adapter;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.Factors;
import org.lowrank4j.network.NetworkWeights;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Several adapters of one base as one. With weights w_i, scales s_i and factors A_i, B_i, the exact combination changes W
 * by the sum of w_i s_i A_i B_i; {@link #concatenated} is that, {@link #truncated} its best approximation of a rank. The
 * others are what the literature and the PEFT library call linear, TIES, DARE and slerp.
 *
 * <p>A layer takes part with the adapters that have it. Parameters that were trained in full are taken over where all
 * adapters that bring them agree; where they do not, the combination is refused, because no weighted sum of, say, output
 * layers of different tasks means anything: leave them out with {@link Adapter#withParameters}. Adapters with magnitudes
 * (DoRA) do not add up and are refused, and so are adapters of different bases.
 */
public final class Combination {

    /**
     * One adapter and how much of it to take.
     *
     * @param adapter to combine
     * @param weight finite; negative takes its change back
     */
    public record Weighted(Adapter adapter, double weight) {

        public Weighted {
            if (!Double.isFinite(weight)) {
                throw new LowRankException(
                        "The weight of an adapter must be a finite number, and it is " + weight + ".");
            }
        }
    }

    /** One adapter of a layer that takes part. */
    private record Part(int index, LayerAdapter layer, double weight) {

        /** A B s, in double. */
        INDArray update() {
            return layer.product();
        }

        /** sqrt(|w s|), of which the sign goes to A. */
        double root() {
            return Math.sqrt(Math.abs(weight * layer.scale()));
        }

        double signedRoot() {
            return Math.copySign(root(), weight * layer.scale());
        }
    }

    private Combination() {}

    /**
     * The exact combination: A = [w_1 s_1 A_1, w_2 s_2 A_2, ...] and B = [B_1; B_2; ...]. Its rank is the sum of the
     * ranks.
     */
    public static Adapter concatenated(List<Weighted> parts) {
        return combine("concatenated", parts, (layer, all) -> {
            Factors stacked = stacked(all);
            return LayerAdapter.unscaled(
                    stacked.a().castTo(type(all)), stacked.b().castTo(type(all)));
        });
    }

    private static Factors stacked(List<Part> all) {
        return new Factors(
                Nd4j.hstack(all.stream()
                        .map(part -> wide(part.layer().a())
                                .mul(part.weight() * part.layer().scale()))
                        .toArray(INDArray[]::new)),
                Nd4j.vstack(all.stream().map(part -> wide(part.layer().b())).toArray(INDArray[]::new)));
    }

    /**
     * The adapter of this rank that is closest to the exact combination, by a singular value decomposition of each layer.
     *
     * @param rank 1 or more; a layer whose combination has a lower rank gets that
     */
    public static Adapter truncated(List<Weighted> parts, int rank) {
        checkRank(rank);
        return combine("truncated to rank " + rank, parts, (layer, all) -> {
            Factors stacked = stacked(all);
            return LowRankSplit.ofProduct(stacked.a(), stacked.b())
                    .truncated(rank)
                    .adapter(type(all));
        });
    }

    /**
     * PEFT's "linear": A = sum of sqrt(w_i s_i) A_i and B likewise, at the rank that all share.
     *
     * <p>This is not the weighted sum of the changes: (A_1 + A_2)(B_1 + B_2) has the cross terms A_1 B_2 and A_2 B_1, and
     * they depend on how each adapter happens to split its product into factors. Use it to match other tools, or for
     * adapters that went on from one another. The sign of a negative weight goes to A.
     *
     * @throws LowRankException if the ranks of a layer differ
     */
    public static Adapter linear(List<Weighted> parts) {
        return ofFactors("linear", parts, Combination::sum, (tensor, key) -> tensor);
    }

    /**
     * TIES (arXiv 2306.01708, algorithm 1) on the factors, as in PEFT: keeps the entries of largest magnitude of each
     * factor, elects a sign for every entry, and averages those that have it.
     *
     * <p>TIES was published for changes of whole weights. On factors it depends on how each adapter splits its product,
     * and the product of merged factors has the cross terms of {@link #linear}. {@link #tiesOfUpdates} works on the
     * changes themselves.
     *
     * @param density the part of the entries to keep, above 0 and at most 1; 0.2 is published
     * @throws LowRankException if the ranks of a layer differ
     */
    public static Adapter ties(List<Weighted> parts, double density) {
        checkDensity(density);
        return ofFactors(
                "ties of factors, density " + density,
                parts,
                SparseMerge::elected,
                (tensor, key) -> SparseMerge.largest(tensor, density));
    }

    /**
     * DARE (arXiv 2311.03099, equation 1, with a weighted sum) on the factors, as in PEFT's "dare_linear": drops entries
     * at random and divides those that stay by the density, so that each factor keeps its expected value.
     *
     * <p>DARE was published for changes of whole weights. Here a dropped entry of A takes out a row of the whole product,
     * the errors of both factors multiply, and the cross terms of {@link #linear} come on top. {@link #dareOfUpdates}
     * works on the changes themselves.
     *
     * @param density the part of the entries to keep, above 0 and at most 1
     * @param seed fixes which
     * @throws LowRankException if the ranks of a layer differ
     */
    public static Adapter dare(List<Weighted> parts, double density, long seed) {
        checkDensity(density);
        return ofFactors(
                "dare of factors, density " + density + ", seed " + seed,
                parts,
                Combination::sum,
                (tensor, key) -> SparseMerge.dropped(tensor, density, seed, key));
    }

    /**
     * TIES (arXiv 2306.01708, algorithm 1) on the changes s_i A_i B_i, then the closest adapter of a rank; "ties_svd" in
     * PEFT. It does not depend on how an adapter splits its product. Each layer's changes are formed in full for a while,
     * and what the decomposition drops is lost: a sparse change has no low rank.
     *
     * @param density the part of the entries to keep, above 0 and at most 1; 0.2 is published
     * @param rank of the result
     */
    public static Adapter tiesOfUpdates(List<Weighted> parts, double density, int rank) {
        checkDensity(density);
        return ofUpdates(
                "ties of updates, density " + density,
                parts,
                rank,
                SparseMerge::elected,
                (tensor, key) -> SparseMerge.largest(tensor, density));
    }

    /**
     * DARE (arXiv 2311.03099, equation 1, with a weighted sum) on the changes s_i A_i B_i, then the closest adapter of a
     * rank; "dare_linear_svd" in PEFT. The noise of the dropped entries has full rank, so a low rank averages much of it
     * away again, with part of the signal.
     *
     * @param density the part of the entries to keep, above 0 and at most 1
     * @param seed fixes which
     * @param rank of the result
     */
    public static Adapter dareOfUpdates(List<Weighted> parts, double density, long seed, int rank) {
        checkDensity(density);
        return ofUpdates(
                "dare of updates, density " + density + ", seed " + seed,
                parts,
                rank,
                Combination::sum,
                (tensor, key) -> SparseMerge.dropped(tensor, density, seed, key));
    }

    /**
     * The spherical interpolation of WARP (arXiv 2406.16768) of the changes s_i A_i B_i of each layer: their mean is shorter
     * than they are, the further they point apart, and this is not. Weights are shares; their sum is how far the result is
     * from the base, 1 for as far as the adapters, less to go back towards it.
     *
     * @param rank of the result, by a singular value decomposition; null for the interpolation itself, whose rank is the
     *     sum of the ranks
     * @throws LowRankException if a weight is negative or all are 0, or if changes point in opposite ways
     */
    public static Adapter slerp(List<Weighted> parts, @Nullable Integer rank) {
        if (rank != null) {
            checkRank(rank);
        }
        if (parts.stream().anyMatch(part -> part.weight() < 0) || parts.stream().allMatch(part -> part.weight() == 0)) {
            throw new LowRankException("The weights of slerp are shares: at least 0, and not all 0. They are "
                    + parts.stream().map(Weighted::weight).toList() + ".");
        }
        return combine(rank == null ? "slerp" : "slerp, truncated to rank " + rank, parts, (layer, all) -> {
            Factors stacked = stacked(onSphere(all));
            return rank == null
                    ? LayerAdapter.unscaled(
                            stacked.a().castTo(type(all)), stacked.b().castTo(type(all)))
                    : LowRankSplit.ofProduct(stacked.a(), stacked.b())
                            .truncated(rank)
                            .adapter(type(all));
        });
    }

    /** The same changes, with the coefficients of the interpolation for weights. */
    private static List<Part> onSphere(List<Part> all) {
        double[][] products = new double[all.size()][all.size()];
        for (int i = 0; i < products.length; i++) {
            for (int j = 0; j <= i; j++) {
                products[i][j] = product(all.get(i).layer(), all.get(j).layer());
                products[j][i] = products[i][j];
            }
        }
        double[] weights = all.stream().mapToDouble(Part::weight).toArray();
        double[] coefficients = new SphericalMean(products, weights).coefficients();
        List<Part> some = new ArrayList<>();
        for (int i = 0; i < coefficients.length; i++) {
            some.add(new Part(all.get(i).index(), all.get(i).layer(), coefficients[i]));
        }
        return some;
    }

    /** The inner product of two changes, without forming them. */
    private static double product(LayerAdapter one, LayerAdapter other) {
        INDArray ofA = wide(one.a()).transpose().mmul(wide(other.a()));
        INDArray ofB = wide(one.b()).mmul(wide(other.b()).transpose());
        return one.scale() * other.scale() * ofA.mul(ofB).sumNumber().doubleValue();
    }

    /** Merges weighted tensors of one shape, all in double, into one. */
    private interface Merging {
        INDArray merge(List<INDArray> tensors);
    }

    /** Thins out one tensor; the key tells apart all tensors of a combination. */
    private interface Thinning {
        INDArray thin(INDArray tensor, String key);
    }

    /** What becomes of one layer. */
    private interface LayerRule {
        LayerAdapter combine(String layer, List<Part> parts);
    }

    private static Adapter ofFactors(String method, List<Weighted> weighted, Merging merging, Thinning thinning) {
        return combine(method, weighted, (layer, parts) -> {
            Set<Integer> ranks = new LinkedHashSet<>();
            parts.forEach(part -> ranks.add(part.layer().rank()));
            if (ranks.size() > 1) {
                throw new LowRankException("Factors can be merged only at one rank, and layer " + layer
                        + " has the ranks " + ranks + ". Bring them to one rank with truncated, or use concatenated.");
            }
            List<INDArray> a = new ArrayList<>();
            List<INDArray> b = new ArrayList<>();
            for (Part part : parts) {
                String key = layer + "/" + part.index() + "/";
                a.add(thinning.thin(wide(part.layer().a()), key + "A").mul(part.signedRoot()));
                b.add(thinning.thin(wide(part.layer().b()), key + "B").mul(part.root()));
            }
            return LayerAdapter.unscaled(
                    merging.merge(a).castTo(type(parts)), merging.merge(b).castTo(type(parts)));
        });
    }

    private static Adapter ofUpdates(
            String method, List<Weighted> weighted, int rank, Merging merging, Thinning thinning) {
        checkRank(rank);
        return combine(method + ", rank " + rank, weighted, (layer, parts) -> {
            List<INDArray> updates = new ArrayList<>();
            for (Part part : parts) {
                updates.add(
                        thinning.thin(part.update(), layer + "/" + part.index()).mul(part.weight()));
            }
            return LowRankSplit.leading(merging.merge(updates), rank).adapter(type(parts));
        });
    }

    private static INDArray sum(List<INDArray> tensors) {
        INDArray sum = tensors.get(0).dup();
        tensors.subList(1, tensors.size()).forEach(sum::addi);
        return sum;
    }

    private static INDArray wide(INDArray factor) {
        return factor.castTo(DataType.DOUBLE);
    }

    private static DataType type(List<Part> parts) {
        return parts.stream().anyMatch(part -> part.layer().dataType() == DataType.DOUBLE)
                ? DataType.DOUBLE
                : DataType.FLOAT;
    }

    private static void checkRank(int rank) {
        if (rank < 1) {
            throw new LowRankException("The rank of a combination must be at least 1, and it is " + rank + ".");
        }
    }

    private static void checkDensity(double density) {
        if (!(density > 0 && density <= 1)) {
            throw new LowRankException(
                    "The density is the part of the entries to keep, above 0 and at most 1, and it is " + density
                            + ".");
        }
    }

    private static Adapter combine(String method, List<Weighted> weighted, LayerRule rule) {
        if (weighted.isEmpty()) {
            throw new LowRankException("There is no adapter to combine.");
        }
        Map<String, List<Part>> byLayer = new LinkedHashMap<>();
        for (int i = 0; i < weighted.size(); i++) {
            int index = i;
            weighted.get(i).adapter().layers().forEach((name, layer) -> {
                if (layer.magnitude() != null) {
                    throw new LowRankException("Layer " + name + " of adapter " + index
                            + " has magnitudes (DoRA), and columns of fixed norms do not add up. Merge it into a model"
                            + " and extract a plain adapter.");
                }
                byLayer.computeIfAbsent(name, key -> new ArrayList<>())
                        .add(new Part(index, layer, weighted.get(index).weight()));
            });
        }
        Map<String, LayerAdapter> layers = new LinkedHashMap<>();
        byLayer.forEach((name, parts) -> {
            checkShapes(name, parts);
            LayerAdapter first = parts.get(0).layer();
            layers.put(name, rule.combine(name, parts).in(first.parameter(), first.form()));
        });
        Map<String, String> metadata = new TreeMap<>();
        metadata.put("combination", method);
        metadata.put(
                "combination.weights",
                String.join(
                        " ",
                        weighted.stream()
                                .map(part -> Double.toString(part.weight()))
                                .toList()));
        return new Adapter(layers, parameters(weighted), base(weighted), metadata);
    }

    private static void checkShapes(String name, List<Part> parts) {
        LayerAdapter first = parts.get(0).layer();
        for (Part part : parts) {
            if (!part.layer().isLike(first)) {
                throw new LowRankException("The adapters of layer " + name + " are for weights of " + first.inputs()
                        + " x " + first.outputs() + " and " + part.layer().inputs() + " x "
                        + part.layer().outputs() + ": they belong to different networks.");
            }
        }
    }

    private static Map<String, Map<String, INDArray>> parameters(List<Weighted> weighted) {
        Map<String, Map<String, INDArray>> parameters = new LinkedHashMap<>();
        for (Weighted part : weighted) {
            part.adapter()
                    .parameters()
                    .forEach((layer, arrays) -> arrays.forEach((name, array) -> {
                        INDArray other = parameters
                                .computeIfAbsent(layer, key -> new TreeMap<>())
                                .put(name, array);
                        if (other != null
                                && !(other.dataType() == array.dataType()
                                        && Arrays.equals(other.shape(), array.shape())
                                        && Difference.sameBits(other, array))) {
                            throw new LowRankException(
                                    "The adapters bring different values of " + name + " of layer " + layer
                                            + ", which was trained in full, and those cannot be combined. Leave it out of all but one of"
                                            + " them (combine --without-parameters leaves all out).");
                        }
                    }));
        }
        return parameters;
    }

    private static @Nullable BaseFingerprint base(List<Weighted> weighted) {
        Map<String, BaseFingerprint.Weight> weights = new LinkedHashMap<>();
        for (Weighted part : weighted) {
            BaseFingerprint base = part.adapter().base();
            if (base == null) {
                return null;
            }
            base.weights().forEach((layer, weight) -> {
                BaseFingerprint.Weight other = weights.put(layer, weight);
                if (other != null && !other.equals(weight)) {
                    throw new LowRankException("The adapters were made on different bases: "
                            + NetworkWeights.described(layer) + " differs. Their changes do not add up.");
                }
            });
        }
        return new BaseFingerprint(weights);
    }
}
