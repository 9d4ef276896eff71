package org.lowrank4j.update;

import java.util.List;
import java.util.Map;
import org.lowrank4j.LowRankException;
import org.lowrank4j.initialisation.Factors;
import org.lowrank4j.kind.WeightGradient;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Trains W itself. By itself this is ordinary training of the weight; gradient approximations such as GaLore, whose low
 * rank lies in the gradient, are published with it.
 */
public final class FullWeight implements LowRankUpdate {

    private static final String NAME = "full";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public boolean usesRank() {
        return false;
    }

    @Override
    public String defaultInitialisation() {
        return "";
    }

    @Override
    public boolean hasFactors() {
        return false;
    }

    @Override
    public boolean trainsWeight() {
        return true;
    }

    @Override
    public TargetUpdate attach(TargetWeight target) {
        return new Target(name(), target);
    }

    /** Whether an update does nothing but train W, so that a gradient approximation may do all of it in its place. */
    public static boolean isPlain(TargetUpdate update) {
        return update instanceof Target target && target.update.equals(NAME);
    }

    /** W of one layer, for this update and for those that let all weights train together. */
    static final class Target implements TargetUpdate {

        private final String update;
        private final TargetWeight target;
        private final List<TrainedTensor> tensors;

        /** @param update its name, for messages */
        Target(String update, TargetWeight target) {
            this.update = update;
            this.target = target;
            tensors = List.of(new TrainedTensor(
                    "W", new long[] {target.inputs(), target.outputs()}, 'f', target.weight(), false));
        }

        @Override
        public List<TrainedTensor> tensors() {
            return tensors;
        }

        @Override
        public void start(Factors factors) {
            throw new LowRankException("Layer " + target.layer()
                    + " trains W itself (update=" + update
                    + "), which has no factors to start. Name no initialisation for it.");
        }

        @Override
        public void gradient(WeightGradient gradient, INDArray[] gradients) {
            gradient.formed(gradients[0], 0);
        }

        @Override
        public void step(INDArray[] steps) {
            target.weight().subi(steps[0]);
        }

        @Override
        public Map<String, INDArray> state() {
            return Map.of();
        }

        @Override
        public void restore(Map<String, INDArray> state) {
            if (!state.isEmpty()) {
                throw new LowRankException("Layer " + target.layer() + " trains W itself (update=" + update
                        + "), which saves no state, but the file has " + String.join(", ", state.keySet())
                        + " for it. It was saved by another method.");
            }
        }
    }
}
