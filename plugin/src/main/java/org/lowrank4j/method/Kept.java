package org.lowrank4j.method;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.lowrank4j.Console;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The arrays and numbers that a method keeps from step to step, declared once while it attaches itself. Saving, restoring,
 * measuring and reporting follow from the declarations.
 *
 * <p>A kept that is {@link #measuring} answers with arrays of the right shapes that take no memory, so that attaching tells
 * what it would take. So whatever writes to an array while a method attaches itself does it in {@link #fill}.
 */
public final class Kept {

    private static final String ANOTHER =
            ". It was saved by another method, or with other options, than the rule names now.";

    private final String owner;
    private final DataType type;
    private final boolean measuring;
    private final String prefix;
    private final Declared declared;

    /** What all views of one kept have in common. */
    private static final class Declared {
        private final Map<String, INDArray> saved = new LinkedHashMap<>();
        private final List<String> taken = new ArrayList<>();
        private final List<Runnable> afterRestoring = new ArrayList<>();
        private long bytes;
    }

    private Kept(String owner, DataType type, boolean measuring, String prefix, Declared declared) {
        this.owner = owner;
        this.type = type;
        this.measuring = measuring;
        this.prefix = prefix;
        this.declared = declared;
    }

    /**
     * Nothing yet.
     *
     * @param owner whose state it is, for messages: "layer fc1", "the network"
     * @param type FLOAT or DOUBLE, of arrays for which no other is named
     */
    public Kept(String owner, DataType type) {
        this(owner, type, false, "", new Declared());
    }

    /** Nothing yet, and nothing of it will take memory; parameters as for the constructor. */
    public static Kept measuring(String owner, DataType type) {
        return new Kept(owner, type, true, "", new Declared());
    }

    /** FLOAT or DOUBLE, of arrays for which no other is named. */
    public DataType type() {
        return type;
    }

    /** The same, whose names start with this one and a point: for a method around another one, or one of several tensors. */
    public Kept under(String name) {
        return new Kept(owner, type, measuring, prefix + name + ".", declared);
    }

    /** An array of zeros that is saved. */
    public INDArray array(String name, char order, long... shape) {
        return array(name, type, order, shape);
    }

    /** An array of zeros of another type that is saved. */
    public INDArray array(String name, DataType itsType, char order, long... shape) {
        return saved(name, take(name, itsType, order, shape));
    }

    /** An array of zeros that is not saved: every step fills it anew, or it follows from what is saved. */
    public INDArray work(String name, char order, long... shape) {
        return take(name, type, order, shape);
    }

    /** Has a view of an array that is kept already, or of the network's own memory, saved. */
    public INDArray saved(String name, INDArray view) {
        if (declared.saved.put(prefix + name, view) != null) {
            throw new IllegalArgumentException("there are two arrays " + prefix + name);
        }
        return view;
    }

    /** Some whole numbers that are saved, 0 at first. */
    public INDArray numbers(String name, int count) {
        return array(name, DataType.LONG, 'c', count);
    }

    /** One whole number that is saved. */
    public KeptNumber number(String name, long first) {
        INDArray array = numbers(name, 1);
        if (first != 0) {
            fill(() -> array.data().put(0, first));
        }
        return new KeptNumber(array);
    }

    /** Counts memory that is not in an array of this, or is taken later. */
    public void reserve(String name, long bytes) {
        declared.taken.add(prefix + name);
        declared.bytes += bytes;
    }

    private INDArray take(String name, DataType itsType, char order, long... shape) {
        long length = Arrays.stream(shape).reduce(1, Math::multiplyExact);
        if (itsType != DataType.LONG) {
            declared.taken.add(prefix + name + " "
                    + Arrays.stream(shape).mapToObj(String::valueOf).collect(Collectors.joining("x")));
        }
        declared.bytes += length * itsType.width();
        // Outside: a workspace ends with its step.
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            return measuring
                    ? Nd4j.create(Nd4j.createBuffer(itsType, 1, true), shape, new long[shape.length], 0, order)
                    : Nd4j.create(itsType, shape, order);
        }
    }

    /** Runs what is for arrays that are there: not while measuring. */
    public void fill(Runnable filling) {
        if (!measuring) {
            filling.run();
        }
    }

    /** Tells the user something; not while measuring. */
    public void say(String text) {
        fill(() -> Console.say(text));
    }

    /** Has something run whenever a saved state was put back, for what follows from it. */
    public void afterRestoring(Runnable following) {
        declared.afterRestoring.add(following);
    }

    /** All that is saved, by name. The arrays are live; whoever stores them copies. */
    public Map<String, INDArray> state() {
        return Collections.unmodifiableMap(declared.saved);
    }

    /**
     * Puts a saved state back.
     *
     * @throws LowRankException if an array is missing or is none of this method's, or has another shape, or whole numbers
     *     where it should have none; then nothing has changed
     */
    public void restore(Map<String, INDArray> state) {
        declared.saved.forEach((name, live) -> check(state, name, live));
        // A name with a slash is of a layer whose name starts with this one's.
        state.keySet().stream()
                .filter(name -> !declared.saved.containsKey(name) && name.indexOf('/') < 0)
                .findFirst()
                .ifPresent(foreign -> {
                    throw new LowRankException("The saved state of " + owner + " has an array " + foreign
                            + ", and the methods of the rule keep " + names(declared.saved)
                            + ANOTHER);
                });
        declared.saved.forEach((name, live) -> live.assign(state.get(name)));
        declared.afterRestoring.forEach(Runnable::run);
    }

    private void check(Map<String, INDArray> state, String name, INDArray live) {
        INDArray saved = state.get(name);
        if (saved == null) {
            throw new LowRankException(
                    "The saved state of " + owner + " has no array " + name + "; it has " + names(state) + ANOTHER);
        }
        if (saved.dataType().isFPType() != live.dataType().isFPType()) {
            throw new LowRankException("The saved array " + name + " of " + owner + " has the type " + saved.dataType()
                    + ", and this network needs " + live.dataType() + ". The state is damaged.");
        }
        if (!Arrays.equals(saved.shape(), live.shape())) {
            throw new LowRankException("The saved array " + name + " of " + owner + " is " + shape(saved)
                    + ", and this network needs " + shape(live)
                    + ". Train with the rank, the options and the layer sizes that it was saved with.");
        }
    }

    private static String names(Map<String, INDArray> state) {
        return state.isEmpty() ? "none" : String.join(", ", state.keySet());
    }

    /** A shape as text, for example {@code 784 x 8}. */
    public static String shape(INDArray array) {
        return Arrays.stream(array.shape()).mapToObj(Long::toString).collect(Collectors.joining(" x "));
    }

    /** Bytes of all that was declared. */
    public long bytes() {
        return declared.bytes;
    }

    /** What was declared, with shapes, for reports, but for single numbers: "A 784x8, B 8x10". */
    public String text() {
        return declared.taken.isEmpty() ? "nothing" : String.join(", ", declared.taken);
    }
}
