package org.lowrank4j.update;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.Replication;
import org.lowrank4j.subspace.Projection;
import org.lowrank4j.subspace.ProjectionKind;
import org.lowrank4j.subspace.ProjectionMemory;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Training in a random subspace (arXiv 1804.08838, equation 2), which measures how many numbers a task needs: all D trained
 * entries theta of the network, weights and biases together, move only in d random directions,
 *
 * <pre>theta = theta_0 + P z,   dz = P^T dtheta</pre>
 *
 * where z starts at 0, so that the network starts unchanged, and the user's updater with its schedule runs on z alone. P is
 * drawn once from the adapters' seed ({@code seed=}, else the network's) and is not saved: a saved state has z and the seed.
 *
 * <p>Without {@code layers}, {@code train} and {@code bias} everything trains that the program did not freeze, as published;
 * with them theta is what they select. Running statistics of batch normalisation are outside of the subspace and go on as in
 * stock training. l1 and l2 are part of dtheta, and weight decay is pulled back as it is: both act on theta, not on z.
 * Constraints act on theta after the step, and may take it out of the subspace. All that trains must have one updater.
 *
 * <p>Projections ({@code random-subspace.projection}), whose directions have the length 1 over the whole network:
 *
 * <ul>
 *   <li>{@link org.lowrank4j.subspace.Fastfood}: structured; 28 bytes for each of L = 2^ceil(log2 D) entries, 2 L log2 L
 *       additions a step;
 *   <li>{@link org.lowrank4j.subspace.DenseDirections}: d D numbers, 4 d D operations a step;
 *   <li>{@link org.lowrank4j.subspace.SparseDirections}: d times the sum over tensors of the square root of their size.
 * </ul>
 *
 * <p>A step has the full gradient of D entries, which also takes the step of theta, and an updater state for d numbers. The
 * rate that suits all of theta is too small for z with plain SGD; Adam hides the difference. Published with Adam at 1e-3 and
 * minibatches of 128. {@code rank}, {@code alpha} and {@code scaling} have no effect.
 */
public final class RandomSubspace implements WholeNetworkUpdate {

    private static final String DIMENSION = "dimension";

    /** Fastfood needs a power of two that is no less. */
    private static final long MOST_ENTRIES = 1L << 30;

    @Override
    public String name() {
        return "random-subspace";
    }

    @Override
    public Set<Replication> replicates() {
        return Set.of(Replication.GRADIENTS);
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption(DIMENSION, "d, how many numbers train in the place of all"),
                new MethodOption(
                        "projection",
                        "fastfood",
                        "how they move the network: fastfood, sparse, or dense, which takes d times the network's memory"));
    }

    @Override
    public NetworkUpdate ofNetwork(long[] sizes, DataType type, long seed, OptionValues options, Kept kept) {
        int dimension = options.positiveInt(DIMENSION);
        ProjectionKind kind = options.choice("projection", ProjectionKind.class);
        long entries = Arrays.stream(sizes).sum();
        if (dimension > entries) {
            throw new LowRankException(String.format(
                    Locale.ROOT,
                    "random-subspace.dimension=%d is refused: a subspace of %,d dimensions is larger than the network,"
                            + " which trains %,d parameters. Use at most %d, or train more layers.",
                    dimension,
                    dimension,
                    entries,
                    entries));
        }
        if (entries > MOST_ENTRIES) {
            throw new LowRankException(String.format(
                    Locale.ROOT,
                    "update=random-subspace is refused: it moves at most %,d parameters, and this network trains %,d. Train"
                            + " fewer layers (layers=..., train=only:...).",
                    MOST_ENTRIES,
                    entries));
        }
        int[] whole = Arrays.stream(sizes).mapToInt(Math::toIntExact).toArray();
        ProjectionMemory memory = kind.memory(whole, dimension, type);
        String what = String.format(
                Locale.ROOT,
                "The %s projection of random-subspace from %,d numbers to %,d parameters",
                kind.name().toLowerCase(Locale.ROOT),
                dimension,
                entries);
        memory.require(
                what,
                "Use random-subspace.projection=fastfood, a smaller random-subspace.dimension, or train fewer layers.",
                memory.available());
        kept.reserve("projection", (long) memory.bytes());
        kept.say(what + " takes " + memory.text());
        return new Position(kind, whole, dimension, seed, kept);
    }

    /** Where a network is in its random subspace: z, and the projection, which is drawn when it is first needed. */
    private static final class Position implements NetworkUpdate {

        private final ProjectionKind kind;
        private final int[] sizes;
        private final INDArray z;
        private final long entries;
        /** What the projection is drawn from: the seed and the number of entries, under the name of its kind. */
        private final INDArray origin;

        private @Nullable Projection projection;

        /** @param sizes of the tensors that move, in the order of their entries */
        Position(ProjectionKind kind, int[] sizes, int dimension, long seed, Kept kept) {
            this.kind = kind;
            this.sizes = sizes;
            entries = Arrays.stream(sizes).sum();
            z = kept.array("z", 'c', dimension);
            origin = kept.numbers(kind.name().toLowerCase(Locale.ROOT), 2);
            kept.fill(() -> {
                origin.data().put(0, seed);
                origin.data().put(1, entries);
            });
            kept.afterRestoring(this::drawAnew);
        }

        private void drawAnew() {
            long savedEntries = origin.data().getLong(1);
            if (savedEntries != entries) {
                throw new LowRankException(String.format(
                        Locale.ROOT,
                        "The saved position is in a subspace of %,d parameters, and this is one of %,d. Train the layers that it"
                                + " was saved with.",
                        savedEntries,
                        entries));
            }
            projection = null;
        }

        private Projection projection() {
            if (projection == null) {
                projection =
                        kind.draw(sizes, numbers(), z.dataType(), origin.data().getLong(0));
            }
            return projection;
        }

        @Override
        public int numbers() {
            return (int) z.length();
        }

        @Override
        public void pullBack(INDArray gradient, INDArray result) {
            projection().pullBack(gradient, result);
        }

        @Override
        public void step(INDArray step, INDArray result) {
            z.subi(step);
            projection().expand(step, result);
        }
    }
}
