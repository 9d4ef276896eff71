package org.lowrank4j.update;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.subspace.ProjectionKind;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The position in a random subspace: its moves, its state, and subspaces that cannot be. */
class RandomSubspaceTest {

    private static final long[] SIZES = {30, 5, 10, 2};
    private static final int ENTRIES = 47;

    /** A position with what it keeps. */
    private record Place(NetworkUpdate update, Kept kept) {}

    private static Place position(int dimension, String projection, long seed) {
        return position(SIZES, dimension, projection, seed);
    }

    private static Place position(long[] sizes, int dimension, String projection, long seed) {
        RandomSubspace update = new RandomSubspace();
        Map<String, String> options = Map.of(
                "random-subspace.dimension",
                Integer.toString(dimension),
                "random-subspace.projection",
                projection.toLowerCase(Locale.ROOT));
        Kept kept = new Kept("the network", DataType.DOUBLE);
        return new Place(update.ofNetwork(sizes, DataType.DOUBLE, seed, new OptionValues(update, options), kept), kept);
    }

    private static INDArray step(Place position, INDArray step) {
        INDArray moved = Nd4j.create(DataType.DOUBLE, ENTRIES);
        position.update().step(step, moved);
        return moved;
    }

    @ParameterizedTest
    @EnumSource(ProjectionKind.class)
    void stepsAddUp(ProjectionKind kind) {
        Place position = position(9, kind.name(), 5);
        assertEquals(9, position.update().numbers());
        INDArray first = Nd4j.rand(DataType.DOUBLE, 9);
        INDArray second = Nd4j.rand(DataType.DOUBLE, 9);
        INDArray way = step(position, first).add(step(position, second));
        assertEquals(first.add(second).neg(), position.kept().state().get("z"));
        INDArray back = step(position, position.kept().state().get("z").dup());
        assertEquals(0, way.add(back).normmaxNumber().doubleValue(), 1e-14);
        assertEquals(0, position.kept().state().get("z").normmaxNumber().doubleValue(), "back at the start");
    }

    /** The seed of the file counts, whatever the present one is. */
    @ParameterizedTest
    @EnumSource(ProjectionKind.class)
    void aRestoredPositionMovesInItsOldSubspace(ProjectionKind kind) {
        Place saved = position(9, kind.name(), Long.MIN_VALUE + 12345);
        Place other = position(9, kind.name(), 6);
        INDArray step = Nd4j.rand(DataType.DOUBLE, 9);
        step(other, step);
        INDArray wanted = step(saved, step);
        Map<String, INDArray> state = new HashMap<>();
        saved.kept().state().forEach((name, array) -> state.put(name, array.dup()));
        other.kept().restore(state);
        assertEquals(saved.kept().state(), other.kept().state());
        assertEquals(wanted, step(other, step));
    }

    private static String refused(Executable action) {
        return assertThrows(LowRankException.class, action).getMessage();
    }

    @Test
    void statesOfOtherSubspacesAreRefused() {
        Place position = position(9, "fastfood", 5);
        String projection = refused(
                () -> position.kept().restore(position(9, "dense", 5).kept().state()));
        assertTrue(projection.contains("has no array fastfood; it has z, dense."), projection);
        String dimension = refused(
                () -> position.kept().restore(position(8, "fastfood", 5).kept().state()));
        assertTrue(dimension.contains("array z of the network is 8, and this network needs 9"), dimension);
        String entries = refused(() -> position.kept()
                .restore(position(new long[] {30}, 9, "fastfood", 5).kept().state()));
        assertTrue(entries.contains("a subspace of 30 parameters, and this is one of 47"), entries);
        String none = refused(() -> position.kept().restore(Map.of()));
        assertTrue(none.contains("it has none"), none);
    }

    @Test
    void subspacesThatCannotBe() {
        position(ENTRIES, "fastfood", 5);
        String large = refused(() -> position(ENTRIES + 1, "fastfood", 5));
        assertEquals(
                "random-subspace.dimension=48 is refused: a subspace of 48 dimensions is larger than the network, which"
                        + " trains 47 parameters. Use at most 47, or train more layers.",
                large);
        String memory = refused(() -> position(new long[] {1_000_000}, 500_000, "dense", 5));
        assertTrue(
                memory.startsWith("The dense projection of random-subspace from 500,000 numbers to 1,000,000 parameters"
                        + " takes 4,000,000,000,000 bytes outside the heap, and "),
                memory);
        assertTrue(memory.contains("Use random-subspace.projection=fastfood"), memory);
        String heap = refused(() -> position(new long[] {1 << 29}, 1 << 28, "sparse", 5));
        assertTrue(heap.contains("bytes on the heap") && heap.endsWith("Raise -Xmx if the machine has more."), heap);
        String entries = refused(() -> position(new long[] {1 << 30, 1}, 10, "fastfood", 5));
        assertTrue(
                entries.contains("at most 1,073,741,824 parameters, and this network trains 1,073,741,825"), entries);
    }
}
