package org.lowrank4j.gradient;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.lowrank4j.method.Kept;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TrainedTensor;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Moves the tensors of one target, and W with them, and puts all of it back bit for bit: sums would not round back. */
final class Displacement {

    private final TargetUpdate update;
    private final List<INDArray> tensors = new ArrayList<>();
    /** The tensors, then W where it is none of them. */
    private final List<INDArray> moved;

    private final List<INDArray> before = new ArrayList<>();

    Displacement(TargetUpdate update, INDArray weight, Kept kept) {
        this.update = update;
        for (TrainedTensor tensor : update.tensors()) {
            tensors.add(Objects.requireNonNull(tensor.value()));
            before.add(kept.work(tensor.name() + " before", tensor.order(), tensor.shape()));
        }
        moved = new ArrayList<>(tensors);
        if (tensors.stream().noneMatch(tensor -> tensor == weight)) {
            moved.add(weight);
            before.add(kept.work("W before", 'f', weight.shape()));
        }
    }

    /** Remembers where everything is. */
    void keep() {
        for (int i = 0; i < moved.size(); i++) {
            before.get(i).assign(moved.get(i));
        }
    }

    /**
     * Moves everything from where it was when it was last kept.
     *
     * @param direction one array per tensor, of its shape and order
     */
    void move(List<INDArray> direction, double by) {
        putBack();
        update.move(direction.stream().map(array -> array.mul(-by)).toArray(INDArray[]::new));
    }

    /** Puts everything where it was when it was last kept. */
    void putBack() {
        for (int i = 0; i < moved.size(); i++) {
            moved.get(i).assign(before.get(i));
        }
    }

    /** The sum of the squares of all entries of the tensors. */
    double squares() {
        double sum = 0;
        for (INDArray tensor : tensors) {
            double norm = tensor.norm2Number().doubleValue();
            sum += norm * norm;
        }
        return sum;
    }
}
