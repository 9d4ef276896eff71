package org.lowrank4j.gradient;

import java.util.List;
import java.util.Optional;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.initialisation.Factors;
import org.lowrank4j.update.FullWeight;
import org.lowrank4j.update.Lora;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TargetWeight;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Moves the tensors of one target, and W with them, and puts all of it back bit for bit: sums would not round back. */
final class Displacement {

    /** What W does when the tensors, which are where they were moved to, came from the kept values. */
    private interface Follower {
        /** @param kept the values before */
        void follow(List<INDArray> direction, double by, List<INDArray> kept);
    }

    private final List<INDArray> moved;
    private final List<INDArray> kept;
    private final int tensors;
    private final Follower weight;

    /**
     * @param moved the tensors, then what moves with them
     * @param weight moves what moves with them
     */
    private Displacement(List<INDArray> moved, int tensors, Follower weight) {
        this.moved = moved;
        this.tensors = tensors;
        this.weight = weight;
        kept = moved.stream().map(INDArray::ulike).toList();
    }

    /** Of W itself, or of LoRA's A and B; nothing for other updates. */
    static Optional<Displacement> of(TargetUpdate update, TargetWeight target) {
        INDArray w = target.weight();
        if (FullWeight.isPlain(update)) {
            return Optional.of(new Displacement(List.of(w), 1, (direction, by, kept) -> {}));
        }
        return Lora.factorsOf(update).map(factors -> ofFactors(factors, w, target.scale()));
    }

    /** With A' = A + e C and B' = B + e D, W' = W + s (A' B' - A B) = W + s e (C B' + A D). */
    private static Displacement ofFactors(Factors factors, INDArray w, double scale) {
        return new Displacement(List.of(factors.a(), factors.b(), w), 2, (direction, by, kept) -> {
            Blas.gemm(direction.get(0), factors.b(), w, false, false, scale * by, 1);
            Blas.gemm(kept.get(0), direction.get(1), w, false, false, scale * by, 1);
        });
    }

    /** Remembers where everything is. */
    void keep() {
        for (int i = 0; i < moved.size(); i++) {
            kept.get(i).assign(moved.get(i));
        }
    }

    /**
     * Moves everything from where it was when it was last kept.
     *
     * @param direction one array per tensor, of its shape and order
     */
    void move(List<INDArray> direction, double by) {
        putBack();
        for (int i = 0; i < tensors; i++) {
            Nd4j.getBlasWrapper().axpy(by, flat(direction.get(i)), flat(moved.get(i)));
        }
        weight.follow(direction, by, kept);
    }

    private static INDArray flat(INDArray array) {
        return array.reshape(array.ordering(), new long[] {array.length()});
    }

    /** Puts everything where it was when it was last kept. */
    void putBack() {
        for (int i = 0; i < moved.size(); i++) {
            moved.get(i).assign(kept.get(i));
        }
    }

    /** The sum of the squares of all entries of the tensors. */
    double squares() {
        double sum = 0;
        for (int i = 0; i < tensors; i++) {
            double norm = moved.get(i).norm2Number().doubleValue();
            sum += norm * norm;
        }
        return sum;
    }
}
