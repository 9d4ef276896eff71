package org.lowrank4j.engine;

import java.lang.ref.WeakReference;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.file.NetworkState;
import org.lowrank4j.file.TrainingState;
import org.lowrank4j.rule.Rule;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * What is known of one network that a rule applies to: first only the rule, from its first step on either its session or
 * the decision that it trains as stock.
 */
final class Enrolment {

    private volatile Rule rule;
    private volatile boolean ruleOfField;
    private volatile @Nullable Session session;
    private volatile boolean stock;
    private volatile boolean gradientsTakenOutside;
    private volatile @Nullable TrainingState resumed;
    private volatile @Nullable LowRankException notResumable;
    private volatile List<MultiDataSet> readAhead = List.of();
    private volatile int fits;
    private volatile @Nullable String refusal;
    private volatile WeakReference<@Nullable Thread> lastThread = new WeakReference<>(null);

    /**
     * @param ruleOfField whether an annotated field that keeps the network gave the rule
     */
    Enrolment(Rule rule, boolean ruleOfField) {
        this.rule = rule;
        this.ruleOfField = ruleOfField;
    }

    Rule rule() {
        return rule;
    }

    boolean ruleOfField() {
        return ruleOfField;
    }

    /** Replaces the rule by that of an annotated field; the network has not trained yet. */
    void ruleOfField(Rule better) {
        rule = better;
        ruleOfField = true;
    }

    @Nullable Session session() {
        return session;
    }

    /** Training begins, or goes on from the saved state. */
    synchronized void begin(Session begun) {
        session = begun;
        resumed = null;
        readAhead = List.of();
    }

    /** What was restored and has not been gone on from, with what the network holds then; null once training has begun. */
    synchronized @Nullable NetworkState untrained(Function<TrainingState, NetworkState> copy) {
        TrainingState state = resumed;
        return session != null || state == null ? null : copy.apply(state);
    }

    /** Whether it was decided that the network trains as stock. */
    boolean stock() {
        return stock;
    }

    void becomeStock() {
        stock = true;
        session = null;
        resumed = null;
        readAhead = List.of();
    }

    /** Whether the running backward pass was asked for by the program itself, which wants the full gradient. */
    boolean gradientsTakenOutside() {
        return gradientsTakenOutside;
    }

    void gradientsTakenOutside(boolean outside) {
        gradientsTakenOutside = outside;
    }

    /** The saved state to go on from at the first step. */
    @Nullable TrainingState resumed() {
        return resumed;
    }

    void resume(@Nullable TrainingState state) {
        resumed = state;
    }

    /** A saved state to go on from is there, and cannot be used. */
    void refuseToResume(LowRankException reason) {
        notResumable = reason;
    }

    /** Goes on, or refuses to, where another network would that has not trained. */
    void resumeLike(Enrolment other) {
        resumed = other.resumed;
        notResumable = other.notResumable;
    }

    /** @throws LowRankException if the training that was saved cannot go on */
    void requireResumable() {
        LowRankException reason = notResumable;
        if (reason != null) {
            throw new LowRankException(String.valueOf(reason.getMessage()), reason.getCause());
        }
    }

    /** The first minibatches of the iterator that fit was just given, once; empty if there is no iterator. */
    List<MultiDataSet> takeReadAhead() {
        List<MultiDataSet> taken = readAhead;
        readAhead = List.of();
        return taken;
    }

    void readAhead(List<MultiDataSet> batches) {
        readAhead = batches;
    }

    /** Whether the network has not been refused with this message just before. */
    boolean refusedWith(String message) {
        boolean news = !message.equals(refusal);
        refusal = message;
        return news;
    }

    /** Whether fit is working through an iterator. */
    boolean insideFit() {
        return fits > 0;
    }

    /** On the thread that trains only. */
    @SuppressWarnings("NonAtomicVolatileUpdate")
    void fitBegins() {
        fits++;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate")
    void fitEnds() {
        fits--;
        Session begun = session;
        if (begun != null && fits == 0) {
            begun.endFit();
        }
    }

    /** Whether the calling thread is the one that trained the network last. */
    boolean trainedHere() {
        return lastThread.get() == Thread.currentThread();
    }

    /** Whether the calling thread is another one than at the last call. */
    boolean threadChanged() {
        Thread current = Thread.currentThread();
        if (lastThread.get() == current) {
            return false;
        }
        lastThread = new WeakReference<>(current);
        return true;
    }
}
