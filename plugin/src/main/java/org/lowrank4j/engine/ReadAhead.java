package org.lowrank4j.engine;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.function.UnaryOperator;

/**
 * The user's iterator with its first minibatches read ahead for calibration and handed on from memory, so that training
 * misses none and whether the iterator can be reset does not matter.
 */
abstract class ReadAhead<T> {

    private final Iterator<T> users;
    private final Queue<T> ahead = new ArrayDeque<>();

    /**
     * @param users at the place where training starts to read it
     * @param count of minibatches to read ahead
     * @param copy of a minibatch, which the iterator may fill again for the next one
     */
    ReadAhead(Iterator<T> users, int count, UnaryOperator<T> copy) {
        this.users = users;
        while (ahead.size() < count && users.hasNext()) {
            ahead.add(copy.apply(users.next()));
        }
    }

    final List<T> ahead() {
        return List.copyOf(ahead);
    }

    /** The user's next minibatch of so many examples. */
    abstract T nextOfUsers(int examples);

    /** Resets the user's iterator. */
    abstract void resetUsers();

    public final boolean hasNext() {
        return !ahead.isEmpty() || users.hasNext();
    }

    public final T next() {
        T next = ahead.poll();
        return next != null ? next : users.next();
    }

    /** What was read ahead comes in minibatches of the size in which it was read; fit does not ask for others. */
    public final T next(int examples) {
        T next = ahead.poll();
        return next != null ? next : nextOfUsers(examples);
    }

    public final void reset() {
        ahead.clear();
        resetUsers();
    }
}
