package org.lowrank4j.tests.engine;

import java.util.Arrays;
import java.util.Map;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.update.FullWeight;
import org.lowrank4j.update.LowRankUpdate;
import org.lowrank4j.update.NetworkUpdate;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TargetWeight;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A user's update of the whole network through as many numbers as entries: theta = theta_0 + P z with a reflection P. */
public final class Mirrored implements LowRankUpdate {

    @Override
    public String name() {
        return "mirrored";
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
    public boolean usesRank() {
        return false;
    }

    @Override
    public boolean trainsWeight() {
        return true;
    }

    @Override
    public boolean movesNetwork() {
        return true;
    }

    @Override
    public TargetUpdate attach(TargetWeight target) {
        return new FullWeight().attach(target);
    }

    @Override
    public NetworkUpdate ofNetwork(long[] sizes, DataType type, long seed, OptionValues options) {
        INDArray normal = Data.normal(4, type, Arrays.stream(sizes).sum());
        return new Reflection(normal.divi(normal.norm2Number()), Nd4j.zeros(type, normal.length()));
    }

    /** P = I - 2 n n^T, which is its own inverse. */
    private record Reflection(INDArray normal, INDArray z) implements NetworkUpdate {

        @Override
        public int numbers() {
            return (int) z.length();
        }

        @Override
        public void pullBack(INDArray gradient, INDArray result) {
            double along = gradient.mul(normal).sumNumber().doubleValue();
            result.assign(gradient.sub(normal.mul(2 * along)));
        }

        @Override
        public void step(INDArray step, INDArray result) {
            z.subi(step);
            pullBack(step, result);
        }

        @Override
        public Map<String, INDArray> state() {
            return Map.of("z", z);
        }

        @Override
        public void restore(Map<String, INDArray> state) {
            z.assign(state.get("z"));
        }
    }
}
