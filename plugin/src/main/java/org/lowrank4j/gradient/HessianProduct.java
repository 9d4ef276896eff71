package org.lowrank4j.gradient;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.Kept;
import org.lowrank4j.update.ExtraPasses;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TrainedTensor;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * H z for all targets of a network that {@link AdaHessian} steps, with H over all their tensors, by two gradient passes: all
 * move together, by one distance.
 */
final class HessianProduct implements ExtraPasses {

    private final double displacement;
    private final List<AdaHessian.Target> targets = new ArrayList<>();

    /** @param displacement relative to the root mean square of the tensors' entries */
    HessianProduct(double displacement) {
        this.displacement = displacement;
    }

    /**
     * Takes one more target in, and returns it.
     *
     * @param wanted the displacement that its options name
     */
    AdaHessian.Target add(AdaHessian.Target target, double wanted) {
        if (wanted != displacement) {
            throw new LowRankException("adahessian.displacement is " + displacement + " for one layer and " + wanted
                    + " for another: all weights move by one distance, for H z is a derivative along one direction. Give"
                    + " all layers the same.");
        }
        targets.add(target);
        return target;
    }

    @Override
    public void run(Passes passes) {
        double distance = distance();
        targets.forEach(AdaHessian.Target::begin);
        try {
            targets.forEach(target -> target.displace(distance));
            if (!passes.gradients()) {
                return;
            }
            targets.forEach(target -> target.above(passes.gradientsOf(target)));
            targets.forEach(target -> target.displace(-distance));
            if (passes.gradients()) {
                targets.forEach(target -> target.below(passes.gradientsOf(target), distance));
            }
        } finally {
            targets.forEach(AdaHessian.Target::putBack);
        }
    }

    /** Weights that are all 0 have no size; they move by the displacement itself. */
    private double distance() {
        double squares =
                targets.stream().mapToDouble(AdaHessian.Target::squares).sum();
        long entries = targets.stream().mapToLong(AdaHessian.Target::entries).sum();
        return squares == 0 ? displacement : displacement * Math.sqrt(squares / entries);
    }

    /** Moves the tensors of one target, and W with them, and puts all of it back bit for bit: sums would not round back. */
    static final class Displacement {

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
}
