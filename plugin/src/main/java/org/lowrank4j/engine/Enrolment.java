package org.lowrank4j.engine;

import java.lang.ref.WeakReference;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.Console;
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
    private volatile Life life = Life.Waiting.ANEW;
    private volatile boolean gradientsTakenOutside;
    private volatile int fits;
    private volatile @Nullable String refusal;
    private volatile WeakReference<@Nullable Thread> lastThread = new WeakReference<>(null);
    private volatile @Nullable Replicas replicas;
    private final ExchangeCounters counters = new ExchangeCounters();
    private volatile @Nullable Splits splits;
    private volatile boolean showsTrained;
    private String reported = "";
    private final Set<String> pretrained = ConcurrentHashMap.newKeySet();

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

    /** The training with adapters; null before it begins, and for a network that trains as stock. */
    @Nullable Session session() {
        return life instanceof Life.Adapted adapted ? adapted.session() : null;
    }

    /** Whether it was decided that the network trains as stock. */
    boolean stock() {
        return life instanceof Life.Stock;
    }

    /** Training begins, or goes on from the saved state. */
    synchronized void begin(Session begun) {
        life = new Life.Adapted(begun);
    }

    synchronized void becomeStock() {
        life = new Life.Stock();
    }

    /** Whether it is the first time that a layer trains by itself. */
    boolean pretrains(String layer) {
        return pretrained.add(layer);
    }

    private Life.@Nullable Waiting waiting() {
        return life instanceof Life.Waiting waiting ? waiting : null;
    }

    private synchronized void whileWaiting(UnaryOperator<Life.Waiting> differently) {
        Life.Waiting waiting = waiting();
        if (waiting != null) {
            life = differently.apply(waiting);
        }
    }

    /** What was restored and has not been gone on from, with what the network holds then; null once training has begun. */
    synchronized @Nullable NetworkState untrained(Function<TrainingState, NetworkState> copy) {
        TrainingState state = resumed();
        return state == null ? null : copy.apply(state);
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
        Life.Waiting waiting = waiting();
        return waiting == null ? null : waiting.resumed();
    }

    void resume(@Nullable TrainingState state) {
        whileWaiting(waiting -> waiting.resuming(state));
    }

    /** A saved state to go on from is there, and cannot be used. */
    void refuseToResume(LowRankException reason) {
        whileWaiting(waiting -> waiting.refusing(reason));
    }

    /** Goes on, or refuses to, where another network would that has not trained. */
    void resumeLike(Enrolment other) {
        Life.Waiting others = other.waiting();
        if (others != null) {
            life = others.with(List.of());
        }
    }

    /** @throws LowRankException if the training that was saved cannot go on */
    void requireResumable() {
        Life.Waiting waiting = waiting();
        LowRankException reason = waiting == null ? null : waiting.notResumable();
        if (reason != null) {
            throw new LowRankException(String.valueOf(reason.getMessage()), reason.getCause());
        }
    }

    /** The first minibatches of the iterator that fit was just given; empty if there is no iterator. */
    List<MultiDataSet> readAhead() {
        Life.Waiting waiting = waiting();
        return waiting == null ? List.of() : waiting.readAhead();
    }

    void readAhead(List<MultiDataSet> batches) {
        whileWaiting(waiting -> waiting.with(batches));
    }

    /** Whoever trains the network may swallow what is thrown, as DL4J's early stopping does: so it is printed first, once. */
    LowRankException said(LowRankException refused) {
        String message = String.valueOf(refused.getMessage());
        if (!message.equals(refusal)) {
            refusal = message;
            Console.stop(message);
        }
        return refused;
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
        Session begun = session();
        if (begun != null && fits == 0) {
            begun.endFit();
        }
    }

    /** Whether the calling thread is the one that trained the network last. */
    boolean trainedHere() {
        return lastThread.get() == Thread.currentThread();
    }

    /** The calling thread trains the network. */
    void trainsHere() {
        Thread current = Thread.currentThread();
        if (lastThread.get() != current) {
            lastThread = new WeakReference<>(current);
        }
    }

    /** Those that ParallelWrapper trains in the place of the network; null if it trains alone. */
    @Nullable Replicas replicas() {
        return replicas;
    }

    void replicas(@Nullable Replicas trained) {
        replicas = trained;
    }

    /** What its replicas exchange. */
    ExchangeCounters counters() {
        return counters;
    }

    /** Where Spark trains copies of it; null where it does not. */
    @Nullable Splits splits() {
        return splits;
    }

    void splits(@Nullable Splits trained) {
        splits = trained;
    }

    /** Whether the network's parameters and updater state, as DL4J asks for them now, are those of what trains. */
    boolean showsTrained() {
        return showsTrained;
    }

    void showsTrained(boolean shows) {
        showsTrained = shows;
    }

    /** Says a line about them, unless the last fit said the same. */
    void report(String line) {
        if (!line.equals(reported)) {
            reported = line;
            Console.say(line);
        }
    }
}
