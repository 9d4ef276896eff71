package org.lowrank4j.update;

import java.util.Arrays;
import java.util.Random;
import java.util.function.IntConsumer;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.KeptNumber;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One factor of SwitchLoRA as r vectors (the columns of A, or the rows of B) with the pool that they are exchanged with.
 *
 * <p>Each vector remembers the slot of the pool that it came from; a vector that leaves goes back to its slot with what
 * it has learnt. Slots are taken in cyclic order: the one after the slot of the vector's predecessor.
 */
final class SwitchedFactor {

    private final int rank;
    private final INDArray vectors;
    private final INDArray pool;
    private final INDArray slots;
    private final INDArray steps;
    private final INDArray freeze;
    private final KeptNumber pointer;
    private final boolean[] frozenNow;
    private boolean anyFrozen;

    /**
     * @param vectors r x length, a view of the factor
     * @param poolSize number of candidates
     * @param firstPointer the position that is exchanged first
     * @param bound of the uniform distribution of the candidates
     */
    SwitchedFactor(
            Kept kept, String name, INDArray vectors, int poolSize, int firstPointer, double bound, Random random) {
        rank = (int) vectors.size(0);
        this.vectors = vectors;
        frozenNow = new boolean[rank];
        pool = kept.array("pool" + name, 'c', poolSize, vectors.size(1));
        slots = kept.numbers("slots" + name, rank);
        steps = kept.numbers("steps" + name, rank);
        freeze = kept.numbers("freeze" + name, rank);
        pointer = kept.number("pointer" + name, firstPointer);
        kept.fill(() -> {
            for (long i = 0; i < pool.length(); i++) {
                pool.data().put(i, bound * (2 * random.nextDouble() - 1));
            }
            for (int i = 0; i < rank; i++) {
                // The predecessor of the first position holds the last slot in use, so the first candidate is the next
                // one.
                set(slots, (firstPointer + i) % rank, i);
            }
        });
    }

    /** Steps of the updater that each vector has had since its state was cleared, r whole numbers. */
    INDArray steps() {
        return steps;
    }

    /**
     * Exchanges up to this many vectors, from the pointer on; stops at a frozen one, which keeps its turn.
     *
     * @param counterpart clears and freezes the other factor's vector of the same number
     */
    void exchange(int count, IntConsumer counterpart) {
        int poolSize = (int) pool.size(0);
        if (poolSize <= rank) {
            return;
        }
        for (int i = 0; i < count; i++) {
            int position = (int) pointer.get();
            if (get(freeze, position) > 0) {
                return;
            }
            int oldSlot = get(slots, position);
            int newSlot = (get(slots, (position + rank - 1) % rank) + 1) % poolSize;
            INDArray vector = vectors.getRow(position);
            pool.getRow(oldSlot).assign(vector);
            vector.assign(pool.getRow(newSlot));
            set(slots, position, newSlot);
            pointer.set((position + 1) % rank);
            counterpart.accept(position);
        }
    }

    /**
     * Clears what the updater knows of one vector and freezes it.
     *
     * @param updaterState the updater's parts for this factor, one after the other, each r x length; or empty
     */
    void clearAndFreeze(int vector, int updates, INDArray updaterState) {
        set(steps, vector, 0);
        set(freeze, vector, updates);
        if (!updaterState.isEmpty()) {
            int parts = (int) (updaterState.length() / vectors.length());
            INDArray rows = updaterState.reshape('c', (long) parts * rank, vectors.size(1));
            for (int part = 0; part < parts; part++) {
                rows.getRow((long) part * rank + vector).assign(0);
            }
        }
    }

    /** Counts one update of the frozen vectors and notes which they are. */
    void beginUpdate() {
        anyFrozen = false;
        for (int i = 0; i < rank; i++) {
            int left = get(freeze, i);
            frozenNow[i] = left > 0;
            anyFrozen |= left > 0;
            if (left > 0) {
                set(freeze, i, left - 1);
            }
        }
    }

    /** Whether a vector stands still in this update. */
    boolean hasFrozen() {
        return anyFrozen;
    }

    /** Zeroes the frozen vectors' rows. */
    void zeroFrozen(INDArray rows) {
        for (int i = 0; i < rank; i++) {
            if (frozenNow[i]) {
                rows.getRow(i).assign(0);
            }
        }
    }

    /** After the step no vector is known to be frozen until the next {@link #beginUpdate}. */
    void endUpdate() {
        Arrays.fill(frozenNow, false);
        anyFrozen = false;
    }

    // Counters are read and written through their buffer: an ND4J scalar access costs as much as an operation.
    private static int get(INDArray counters, int index) {
        return (int) counters.data().getLong(index);
    }

    private static void set(INDArray counters, int index, long value) {
        counters.data().put(index, value);
    }
}
