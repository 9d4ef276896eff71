package org.lowrank4j.update;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What the targets of one network that train with the same update have in common. */
public final class SharedArrays {

    private final long seed;
    private final long largestInputs;
    private final long largestOutputs;
    private final Map<String, INDArray> arrays = new HashMap<>();
    private final Map<Class<?>, Object> parts = new HashMap<>();

    /**
     * @param seed the same for all these targets
     * @param largestInputs the largest nIn among them
     * @param largestOutputs the largest nOut among them
     */
    public SharedArrays(long seed, long largestInputs, long largestOutputs) {
        this.seed = seed;
        this.largestInputs = largestInputs;
        this.largestOutputs = largestOutputs;
    }

    /** The same for all these targets. */
    public long seed() {
        return seed;
    }

    /** The largest nIn among these targets. */
    public long largestInputs() {
        return largestInputs;
    }

    /** The largest nOut among these targets. */
    public long largestOutputs() {
        return largestOutputs;
    }

    /** The array of that name, made by the first target that asks for it. Nobody may write to it. */
    public INDArray get(String name, Supplier<INDArray> maker) {
        return arrays.computeIfAbsent(name, absent -> maker.get());
    }

    /**
     * The one object of a type through which these targets work together, made by the first target that asks for it: a
     * budget that is theirs in common, an order in which they take turns.
     */
    public <T> T part(Class<T> type, Supplier<T> maker) {
        return type.cast(parts.computeIfAbsent(type, absent -> maker.get()));
    }
}
