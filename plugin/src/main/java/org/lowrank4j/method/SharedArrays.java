package org.lowrank4j.method;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What the targets of one network have in common: arrays, where they train with the same update, and parts, all of them. */
public final class SharedArrays {

    private final long seed;
    private final long largestInputs;
    private final long largestOutputs;
    private final Map<String, INDArray> arrays = new HashMap<>();
    private final Map<Class<?>, Object> parts;

    /**
     * @param seed the same for all targets with this update
     * @param largestInputs the largest nIn among them
     * @param largestOutputs the largest nOut among them
     * @param parts of the network, in common with the targets that have other updates
     */
    public SharedArrays(long seed, long largestInputs, long largestOutputs, Map<Class<?>, Object> parts) {
        this.seed = seed;
        this.parts = parts;
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

    /**
     * The array of that name, made by the first target that asks for it, among what that one keeps. Nobody else may write to
     * it.
     *
     * @param kept of the target that asks
     * @param filling makes its entries
     */
    public INDArray array(String name, Kept kept, char order, long[] shape, Consumer<INDArray> filling) {
        return arrays.computeIfAbsent(name, absent -> {
            INDArray array = kept.work(name, order, shape);
            kept.fill(() -> filling.accept(array));
            return array;
        });
    }

    /** Hands a text on unless it was handed on for this network before. */
    void once(String text, Consumer<String> to) {
        if (part(Said.class, Said::new).texts.add(text)) {
            to.accept(text);
        }
    }

    private static final class Said {
        private final Set<String> texts = new HashSet<>();
    }

    /**
     * The one object of a type through which the targets of a network work together, whatever their updates, made by the
     * first target that asks for it: a budget that is theirs in common, an order in which they take turns.
     */
    public <T> T part(Class<T> type, Supplier<T> maker) {
        return type.cast(parts.computeIfAbsent(type, absent -> maker.get()));
    }
}
