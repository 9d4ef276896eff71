package org.lowrank4j.gradient;

import java.util.ArrayList;
import java.util.List;
import org.lowrank4j.LowRankException;
import org.lowrank4j.update.ExtraPasses;

/**
 * H z for all targets of a network that {@link AdaHessian} steps, with H over all their tensors, by two gradient passes: all
 * move together, by one distance.
 */
final class HessianProduct implements ExtraPasses {

    private final double displacement;
    private final List<AdaHessianTarget> targets = new ArrayList<>();

    /** @param displacement relative to the root mean square of the tensors' entries */
    HessianProduct(double displacement) {
        this.displacement = displacement;
    }

    /**
     * Takes one more target in, and returns it.
     *
     * @param wanted the displacement that its options name
     */
    AdaHessianTarget add(AdaHessianTarget target, double wanted) {
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
        targets.forEach(AdaHessianTarget::begin);
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
            targets.forEach(AdaHessianTarget::putBack);
        }
    }

    /** Weights that are all 0 have no size; they move by the displacement itself. */
    private double distance() {
        double squares = targets.stream().mapToDouble(AdaHessianTarget::squares).sum();
        long entries = targets.stream().mapToLong(AdaHessianTarget::entries).sum();
        return squares == 0 ? displacement : displacement * Math.sqrt(squares / entries);
    }
}
