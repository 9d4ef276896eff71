package org.lowrank4j.tests.engine;

import java.util.Arrays;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.update.NetworkUpdate;
import org.lowrank4j.update.WholeNetworkUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A user's update of the whole network through as many numbers as entries: theta = theta_0 + P z with a reflection P. */
public final class Mirrored implements WholeNetworkUpdate {

    @Override
    public String name() {
        return "mirrored";
    }

    @Override
    public NetworkUpdate ofNetwork(long[] sizes, DataType type, long seed, OptionValues options, Kept kept) {
        INDArray normal = Data.normal(4, type, Arrays.stream(sizes).sum());
        return new Reflection(normal.divi(normal.norm2Number()), kept.array("z", 'c', normal.length()));
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
    }
}
