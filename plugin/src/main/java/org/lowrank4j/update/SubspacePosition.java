package org.lowrank4j.update;

import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.Kept;
import org.lowrank4j.subspace.Projection;
import org.lowrank4j.subspace.ProjectionKind;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Where a network is in its random subspace: z, and the projection, which is drawn when it is first needed. */
final class SubspacePosition implements NetworkUpdate {

    private final ProjectionKind kind;
    private final int[] sizes;
    private final INDArray z;
    private final long entries;
    /** What the projection is drawn from: the seed and the number of entries, under the name of its kind. */
    private final INDArray origin;

    private @Nullable Projection projection;

    /** @param sizes of the tensors that move, in the order of their entries */
    SubspacePosition(ProjectionKind kind, int[] sizes, int dimension, long seed, Kept kept) {
        this.kind = kind;
        this.sizes = sizes;
        entries = Arrays.stream(sizes).sum();
        z = kept.array("z", 'c', dimension);
        origin = kept.numbers(kind.name().toLowerCase(Locale.ROOT), 2);
        origin.data().put(0, seed);
        origin.data().put(1, entries);
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
            projection = kind.draw(sizes, numbers(), z.dataType(), origin.data().getLong(0));
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
