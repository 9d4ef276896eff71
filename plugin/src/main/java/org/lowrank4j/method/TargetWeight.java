package org.lowrank4j.method;

import java.util.List;
import java.util.Map;
import java.util.Random;
import org.lowrank4j.Console;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One weight that a rule selected.
 *
 * @param layer the layer's name, for messages
 * @param weight W, nIn x nOut, column- or row-major: a view of the network's parameter vector, always the effective weight
 * @param kernel of a convolution the sides of its filters, whose rows in W are (channel, place), and of one with a single
 *     side (place, channel); empty for all others
 * @param rank r, 1 to min(nIn, nOut)
 * @param alpha the numerator of the scale
 * @param scale s, the factor of the update s A B
 * @param seed of this adapter, from (seed, network id, layer name)
 * @param options what the user wrote, keyed {@code method.option}
 * @param shared with the other targets of the network that have the same update
 * @param kept where its methods declare what they keep
 */
public record TargetWeight(
        String layer,
        INDArray weight,
        List<Long> kernel,
        int rank,
        double alpha,
        double scale,
        long seed,
        Map<String, String> options,
        SharedArrays shared,
        Kept kept) {

    /** nIn. */
    public long inputs() {
        return weight.size(0);
    }

    /** nOut. */
    public long outputs() {
        return weight.size(1);
    }

    /** FLOAT or DOUBLE; all state of the adapter has the same type. */
    public DataType dataType() {
        return weight.dataType();
    }

    /** The options of one method. */
    public OptionValues optionsOf(Method method) {
        return new OptionValues(method, options);
    }

    /** Tells the user something about the network, once and not for each of its targets; not while it is only measured. */
    public void say(String text) {
        kept.fill(() -> shared.once(text, Console::say));
    }

    /** The same as a warning. */
    public void warn(String text) {
        kept.fill(() -> shared.once(text, Console::warn));
    }

    /** A generator of this target for one purpose, independent of all others. */
    public Random random(String purpose) {
        return new Random(seed * 31 + purpose.hashCode());
    }
}
