package org.lowrank4j.rule;

import java.lang.StackWalker.StackFrame;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.lowrank4j.network.NetworkShape;

/**
 * Where and as what a network came to be: the facts that rules are matched against. It holds names and what annotations
 * say, never a class, so it keeps no class loader alive.
 */
public final class Creation {

    /**
     * One frame of the creating stack.
     *
     * @param className binary name of the class
     * @param methodName name of the method, {@code <init>} for a constructor
     */
    public record Frame(String className, String methodName) {}

    private final Supplier<NetworkShape> shape;
    private final int nth;
    private final List<Frame> stack;
    private final List<Settings> annotations;
    private final List<String> notes;

    private Creation(
            Supplier<NetworkShape> shape, int nth, List<Frame> stack, List<Settings> annotations, List<String> notes) {
        this.shape = shape;
        this.nth = nth;
        this.stack = List.copyOf(stack);
        this.annotations = List.copyOf(annotations);
        this.notes = List.copyOf(notes);
    }

    /**
     * A network that the caller is initialising right now. Of the frames of this thread's stack the nearest annotated
     * one counts, and only that: its method's annotation before its class's before those of the code around that class.
     *
     * @param shape the network, asked for where a rule or a selector of the file wants to see it
     * @param nth the how many-th network this JVM initialises, from 1
     */
    public static Creation here(Supplier<NetworkShape> shape, int nth) {
        return StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE)
                .walk(frames -> walk(shape, nth, frames));
    }

    /** A network of which only the names of the creating stack are known; no annotation applies. */
    public static Creation of(NetworkShape shape, int nth, List<Frame> stack) {
        return new Creation(() -> shape, nth, stack, List.of(), List.of());
    }

    /**
     * A network that a field keeps. The field's annotation counts, then those of the code around it.
     *
     * @param owner the class that declares the field
     * @throws IllegalArgumentException if it declares no such field
     */
    public static Creation ofField(Class<?> owner, String fieldName, NetworkShape shape, int nth) {
        AnnotatedScope scope = AnnotatedScope.ofField(owner, fieldName);
        return new Creation(
                () -> shape, nth, List.of(new Frame(owner.getName(), fieldName)), scope.settings(), scope.notes());
    }

    /**
     * The same network, now known to be kept in a field: the field's annotation comes before those of the creating
     * stack.
     *
     * @throws IllegalArgumentException if the class declares no such field
     */
    public Creation keptIn(Class<?> owner, String fieldName) {
        List<Settings> merged = new ArrayList<>(AnnotatedScope.fieldOnly(owner, fieldName));
        merged.addAll(
                annotations.isEmpty() ? AnnotatedScope.ofField(owner, fieldName).around() : annotations);
        return new Creation(shape, nth, stack, merged, notes);
    }

    private static Creation walk(Supplier<NetworkShape> shape, int nth, Stream<StackFrame> frames) {
        List<Frame> stack = new ArrayList<>();
        List<Settings> annotations = new ArrayList<>();
        Set<String> notes = new LinkedHashSet<>();
        for (Iterator<StackFrame> each = frames.iterator(); each.hasNext(); ) {
            StackFrame frame = each.next();
            stack.add(new Frame(frame.getClassName(), frame.getMethodName()));
            boolean mayBeAnnotated = frame.getDeclaringClass().getClassLoader() != null;
            if (annotations.isEmpty() && mayBeAnnotated) {
                AnnotatedScope scope = AnnotatedScope.of(frame);
                annotations.addAll(scope.settings());
                notes.addAll(scope.notes());
            }
        }
        return new Creation(shape, nth, stack, annotations, List.copyOf(notes));
    }

    /**
     * The same network where its training begins, which other code may do than made it: both stacks count, and the
     * annotations of the code that made it before those of the code that trains it.
     */
    public Creation trainedBy(Creation trainer) {
        List<Frame> both = new ArrayList<>(stack);
        both.addAll(trainer.stack);
        List<String> allNotes = new ArrayList<>(notes);
        allNotes.addAll(trainer.notes);
        return new Creation(shape, nth, both, annotations.isEmpty() ? trainer.annotations : annotations, allNotes);
    }

    /** The network. */
    public NetworkShape shape() {
        return shape.get();
    }

    /** The how many-th network of this JVM, from 1. */
    public int nth() {
        return nth;
    }

    /** The creating stack, innermost frame first. */
    public List<Frame> stack() {
        return stack;
    }

    /** What the annotations say, in order of precedence. */
    List<Settings> annotations() {
        return annotations;
    }

    /** Sentences about annotations that could not be searched for. */
    List<String> notes() {
        return notes;
    }
}
