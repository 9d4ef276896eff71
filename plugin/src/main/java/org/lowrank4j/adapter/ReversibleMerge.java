package org.lowrank4j.adapter;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.kind.PeftForm;
import org.lowrank4j.method.NearestName;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Reversible Model Merging (arXiv 2510.14163) of a set of adapters of one base: instead of one merged adapter, a shared
 * basis and a few coefficients per adapter, from which each adapter is rebuilt on request. No training, no data.
 *
 * <p>A product s A B can be split into factors in many ways, and the merge would depend on which one each adapter happens
 * to have. So every product is first brought into one form, A = U sqrt(S) and B = sqrt(S) V^T with fixed signs. Then each
 * row of A and each column of B is decomposed over the adapters. The squared error of all factors together is exactly
 * {@link #droppedEnergy}, and 0 for a basis of min(r, n - 1). It is optimal for the factors, which is not the same as for
 * their products.
 *
 * <p>{@link #storageRatio} tells whether it pays: it does when there are clearly more adapters than the rank, or the basis
 * is small. Parameters that were trained in full are not merged; each adapter keeps its own. The numbers are kept in
 * double.
 */
public final class ReversibleMerge {

    private record Layer(PositionBases a, PositionBases b, DataType type, String parameter, PeftForm form) {}

    /** What an adapter has besides factors. */
    private record Own(
            Map<String, Map<String, INDArray>> parameters,
            @Nullable BaseFingerprint base,
            Map<String, String> metadata) {}

    private final Map<String, Own> own;
    private final List<String> names;
    private final Map<String, Layer> layers;
    private final long kept;
    private final long original;

    private ReversibleMerge(Map<String, Own> own, Map<String, Layer> layers, long original) {
        this.own = own;
        this.names = List.copyOf(own.keySet());
        this.layers = layers;
        this.kept = layers.values().stream()
                .mapToLong(layer -> layer.a().size() + layer.b().size())
                .sum();
        this.original = original;
    }

    /**
     * Merges adapters.
     *
     * @param adapters by name, at least two, all of the same layers and shapes; lower ranks are filled up with zeros
     * @param basisSize p, 1 to min(r, n) for the largest rank r and n adapters
     * @throws LowRankException if layers or shapes differ, an adapter has magnitudes (DoRA), or p is out of range
     */
    public static ReversibleMerge of(Map<String, Adapter> adapters, int basisSize) {
        if (adapters.size() < 2) {
            throw new LowRankException("A merge needs at least two adapters, and there are " + adapters.size() + ".");
        }
        Adapter first = adapters.values().iterator().next();
        adapters.forEach((name, adapter) -> check(name, adapter, first));
        Map<String, Layer> layers = new LinkedHashMap<>();
        long original = 0;
        for (String layer : first.layers().keySet()) {
            List<LayerAdapter> tasks = adapters.values().stream()
                    .map(adapter -> adapter.layer(layer))
                    .toList();
            layers.put(layer, merge(layer, tasks, basisSize));
            original += tasks.stream()
                    .mapToLong(task -> task.a().length() + task.b().length())
                    .sum();
        }
        Map<String, Own> own = new LinkedHashMap<>();
        adapters.forEach(
                (name, adapter) -> own.put(name, new Own(adapter.parameters(), adapter.base(), adapter.metadata())));
        return new ReversibleMerge(own, layers, original);
    }

    private static void check(String name, Adapter adapter, Adapter first) {
        if (!adapter.layers().keySet().equals(first.layers().keySet())) {
            throw new LowRankException(
                    "Adapter '" + name + "' has the layers " + adapter.layers().keySet() + ", and the first one "
                            + first.layers().keySet() + ". Merge adapters of the same layers.");
        }
        adapter.layers().forEach((layer, changes) -> {
            LayerAdapter other = first.layer(layer);
            if (changes.magnitude() != null) {
                throw new LowRankException("Layer " + layer + " of adapter '" + name
                        + "' has magnitudes (DoRA), which are not part of the product that is merged.");
            }
            if (!changes.isLike(other)) {
                throw new LowRankException("Layer " + layer + " of adapter '" + name + "' is for a weight of "
                        + changes.inputs() + " x " + changes.outputs() + ", and that of the first one for "
                        + other.inputs() + " x " + other.outputs() + ".");
            }
        });
    }

    private static Layer merge(String name, List<LayerAdapter> tasks, int basisSize) {
        int rank = tasks.stream().mapToInt(LayerAdapter::rank).max().orElseThrow();
        int most = Math.min(rank, tasks.size());
        if (basisSize < 1 || basisSize > most) {
            throw new LowRankException("The basis of layer " + name + " can have 1 to " + most
                    + " vectors (the smaller of rank " + rank + " and " + tasks.size() + " adapters), and " + basisSize
                    + " were asked for.");
        }
        List<INDArray> a = new ArrayList<>();
        List<INDArray> b = new ArrayList<>();
        for (LayerAdapter task : tasks) {
            INDArray[] aligned = aligned(task.a().mul(task.scale()), task.b(), rank);
            a.add(aligned[0]);
            b.add(aligned[1].transpose());
        }
        return new Layer(
                PositionBases.of(a, basisSize),
                PositionBases.of(b, basisSize),
                tasks.get(0).dataType(),
                tasks.get(0).parameter(),
                tasks.get(0).form());
    }

    /**
     * The factors in the one form that does not depend on how the product was split, with sqrt(S) on both sides.
     *
     * @param rank of the result; columns of A and rows of B beyond the rank of the product are 0
     * @return A (nIn x rank) and B (rank x nOut), in double
     */
    static INDArray[] aligned(INDArray a, INDArray b, int rank) {
        LowRankSplit split = LowRankSplit.ofProduct(a, b).truncated(rank);
        INDArray alignedA = Nd4j.create(DataType.DOUBLE, a.size(0), rank);
        INDArray alignedB = Nd4j.create(DataType.DOUBLE, rank, b.size(1));
        alignedA.get(NDArrayIndex.all(), NDArrayIndex.interval(0, split.size())).assign(split.a());
        alignedB.get(NDArrayIndex.interval(0, split.size()), NDArrayIndex.all()).assign(split.b());
        return new INDArray[] {alignedA, alignedB};
    }

    /** The adapters' names. */
    public Set<String> names() {
        return Collections.unmodifiableSet(own.keySet());
    }

    /**
     * One adapter as the basis and its coefficients give it, with its own parameters, base and metadata.
     *
     * @throws LowRankException if there is none of this name
     */
    public Adapter rebuilt(String name) {
        Own adapter = own.get(name);
        if (adapter == null) {
            throw new LowRankException("There is no adapter '" + name + "' in this merge; there are "
                    + String.join(", ", names) + "." + NearestName.suggestion(name, names));
        }
        int task = names.indexOf(name);
        Map<String, LayerAdapter> rebuilt = new LinkedHashMap<>();
        layers.forEach((layer, bases) -> rebuilt.put(
                layer,
                LayerAdapter.unscaled(
                                bases.a().rebuilt(task).castTo(bases.type()),
                                bases.b().rebuilt(task).transpose().castTo(bases.type()))
                        .in(bases.parameter(), bases.form())));
        return new Adapter(rebuilt, adapter.parameters(), adapter.base(), adapter.metadata());
    }

    /** The squared error of the aligned factors of a layer, over all adapters: the dropped part of the spectra. */
    public double droppedEnergy(String layer) {
        Layer bases = layers.get(layer);
        if (bases == null) {
            throw new LowRankException("The merge has no layer '" + layer + "'; it has " + layers.keySet() + "."
                    + NearestName.suggestion(layer, layers.keySet()));
        }
        return Arrays.stream(bases.a().dropped()).sum()
                + Arrays.stream(bases.b().dropped()).sum();
    }

    /** Numbers kept here in parts of those of all factors; above 1 it takes more than the adapters themselves. */
    public double storageRatio() {
        return (double) kept / original;
    }
}
