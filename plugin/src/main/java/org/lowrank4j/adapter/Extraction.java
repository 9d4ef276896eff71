package org.lowrank4j.adapter;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import org.deeplearning4j.nn.api.Model;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * An adapter from the difference of two models, by a truncated singular value decomposition: the closest change of each
 * matrix that has this rank (Eckart and Young). Parameters that changed and are no matrix (biases, statistics) are in the
 * adapter as they are, and so are matrices of layers that were not asked for and layers that the base has not, or in
 * another shape.
 *
 * <p>The metadata says for every matrix how much of the squared change is kept, {@code energy/} and its key.
 */
public final class Extraction {

    private Extraction() {}

    /**
     * An adapter of a given rank.
     *
     * @param base the model before training
     * @param tuned the model after training
     * @param rank of every layer, 1 or more; a layer whose change has a lower rank gets that
     * @param layers which to decompose, by the name of a layer or the key of a matrix
     * @throws LowRankException if the models have no layer in common, or no difference
     */
    public static Adapter ofRank(Model base, Model tuned, int rank, Predicate<String> layers) {
        if (rank < 1) {
            throw new LowRankException("The rank of an extracted adapter must be at least 1, and it is " + rank + ".");
        }
        return extract(base, tuned, layers, change -> LowRankSplit.leading(change, rank));
    }

    /**
     * An adapter of the lowest ranks that keep a part of the squared change of each weight.
     *
     * @param base the model before training
     * @param tuned the model after training
     * @param energy the part to keep, above 0 and at most 1; 1 keeps all but rounding
     * @param layers which to decompose, by the name of a layer or the key of a matrix
     * @throws LowRankException if the models have no layer in common, or no difference
     */
    public static Adapter ofEnergy(Model base, Model tuned, double energy, Predicate<String> layers) {
        if (!(energy > 0 && energy <= 1)) {
            throw new LowRankException("The energy to keep must be above 0 and at most 1, and it is " + energy + ".");
        }
        return extract(base, tuned, layers, change -> {
            LowRankSplit all = LowRankSplit.of(change);
            return all.truncated(energy == 1 ? all.size() : all.rankFor(energy));
        });
    }

    private static Adapter extract(
            Model base, Model tuned, Predicate<String> wanted, Function<INDArray, LowRankSplit> split) {
        Difference difference = Difference.of(base, tuned);
        Map<String, LayerAdapter> layers = new LinkedHashMap<>();
        Map<String, String> metadata = new TreeMap<>();
        for (String key : difference.matrices()) {
            if ((wanted.test(difference.layer(key)) || wanted.test(key)) && difference.changed(key)) {
                INDArray before = difference.before(key);
                INDArray change = difference.after(key).castTo(DataType.DOUBLE).sub(before.castTo(DataType.DOUBLE));
                LowRankSplit kept = split.apply(change);
                layers.put(key, kept.adapter(before.dataType()));
                metadata.put("energy/" + key, String.format(Locale.ROOT, "%.9f", kept.keptEnergy()));
            }
        }
        return difference.adapter(layers, metadata);
    }
}
