package org.lowrank4j.update;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.subspace.Projection;
import org.lowrank4j.subspace.ProjectionKind;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Where a network is in its random subspace: z, and the projection, which is drawn when it is first needed. */
final class SubspacePosition implements NetworkUpdate {

    private static final String POSITION = "z";

    private final ProjectionKind kind;
    private final int[] sizes;
    private final INDArray z;
    private final long entries;
    private long seed;

    private @Nullable Projection projection;

    /** @param sizes of the tensors that move, in the order of their entries */
    SubspacePosition(ProjectionKind kind, int[] sizes, int dimension, DataType type, long seed) {
        this.kind = kind;
        this.sizes = sizes;
        this.seed = seed;
        entries = Arrays.stream(sizes).sum();
        z = Nd4j.create(type, dimension);
    }

    private Projection projection() {
        if (projection == null) {
            projection = kind.draw(sizes, numbers(), z.dataType(), seed);
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

    /** What the projection is drawn from, under the name of its kind. */
    @Override
    public Map<String, INDArray> state() {
        Map<String, INDArray> state = new LinkedHashMap<>();
        state.put(POSITION, z);
        state.put(kindName(), Nd4j.createFromArray(seed, entries));
        return state;
    }

    private String kindName() {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public void restore(Map<String, INDArray> state) {
        INDArray saved = state.get(POSITION);
        INDArray origin = state.get(kindName());
        if (saved == null || origin == null) {
            throw new LowRankException("The saved state has no position in a subspace of random-subspace.projection="
                    + kindName() + "; it has " + (state.isEmpty() ? "none" : String.join(", ", state.keySet()))
                    + ". Train with the projection that it was saved with.");
        }
        if (saved.length() != z.length() || origin.getLong(1) != entries) {
            throw new LowRankException(String.format(
                    Locale.ROOT,
                    "The saved position is in a subspace of %,d dimensions of %,d parameters, and this is one of %,d"
                            + " dimensions of %,d. Train with the random-subspace.dimension and the layers that it was saved"
                            + " with.",
                    saved.length(),
                    origin.getLong(1),
                    z.length(),
                    entries));
        }
        z.assign(saved.reshape(z.length()));
        seed = origin.getLong(0);
        projection = null;
    }
}
