package org.lowrank4j.engine;

import org.deeplearning4j.nn.updater.BaseMultiLayerUpdater;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Java's deserialization of a network: DL4J restores another network from the stream, and copies its parameters and the
 * state of its updater. What is known of that one goes over with them.
 */
final class Deserialisation {

    private static final ThreadLocal<@Nullable Deserialisation> RUNNING = new ThreadLocal<>();

    private final Object network;
    private final @Nullable Deserialisation outer;
    private @Nullable Object restored;

    private Deserialisation(Object network, @Nullable Deserialisation outer) {
        this.network = network;
        this.outer = outer;
    }

    static Deserialisation begin(Object network) {
        Deserialisation begun = new Deserialisation(network, RUNNING.get());
        RUNNING.set(begun);
        return begun;
    }

    /** What the thread deserializes; null for nothing. */
    static @Nullable Deserialisation running() {
        return RUNNING.get();
    }

    /** Whether a network is the one that was asked for, and not the one that DL4J restores first. */
    boolean isOf(Object model) {
        return model == network;
    }

    /** The network that is copied has been initialised. */
    void restoring(Object model) {
        restored = model;
    }

    /** What is known of the network that is copied; null if no rule applies to it. */
    @Nullable Enrolment source() {
        return restored == null ? null : Attachment.enrolment(restored);
    }

    /**
     * Ends it.
     *
     * @param complete whether the network has its parameters
     */
    void end(boolean complete) {
        if (outer == null) {
            RUNNING.remove();
        } else {
            RUNNING.set(outer);
        }
        Enrolment from = source();
        Enrolment to = Attachment.enrolment(network);
        NetworkParts into = NetworkParts.of(network);
        if (complete && restored != null && from != null && to != null && into != null) {
            to.resumeLike(from);
            handOverState(restored, into);
        }
    }

    /** The state of an updater that trained all weights: it is used if the network turns out to train as stock. */
    private static void handOverState(Object restored, NetworkParts into) {
        NetworkParts source = NetworkParts.of(restored);
        if (source != null && source.updater() instanceof LowRankUpdater ours) {
            INDArray held = ours.heldState();
            if (held != null) {
                LowRankUpdater updater = LowRankUpdater.of(into);
                ((BaseMultiLayerUpdater<?>) updater).setStateViewArray(held);
                into.updater(updater);
            }
        }
    }
}
