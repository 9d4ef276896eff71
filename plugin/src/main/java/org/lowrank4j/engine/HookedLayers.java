package org.lowrank4j.engine;

import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.deeplearning4j.nn.gradient.Gradient;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * The layers of a network in whose passes lowrank4j takes part.
 *
 * @param adapted those whose passes it runs
 * @param watched those that run their own
 * @param losses of output layers whose own is replaced
 * @param scratch what DL4J's gradient maps call the gradients that mean nothing
 */
record HookedLayers(
        List<AdaptedLayer> adapted, List<WatchedLayer> watched, List<ReplacedLoss> losses, Set<String> scratch) {

    HookedLayers {
        adapted = List.copyOf(adapted);
        watched = List.copyOf(watched);
        losses = List.copyOf(losses);
        scratch = Set.copyOf(scratch);
    }

    /** What computes the convolutions of those that lowrank4j runs; null if there are none. */
    @Nullable String convolutions(DataType type) {
        for (AdaptedLayer layer : adapted) {
            String engine = layer.passes().convolutions(type);
            if (engine != null) {
                return engine;
            }
        }
        return null;
    }

    /** Drops what the forward pass kept for a backward pass that is over, or will not come. */
    void forgetForward() {
        adapted.forEach(layer -> layer.passes().forget());
    }

    /**
     * Layers that only lend their backward pass write into scratch memory: those gradients mean nothing. Listeners see what
     * was taken from there.
     */
    void dropScratch(Gradient returned) {
        if (!scratch.isEmpty()) {
            returned.gradientForVariable().keySet().removeIf(scratch::contains);
            watched.forEach(one -> returned.gradientForVariable().putAll(one.shown()));
        }
    }

    /**
     * Proves after the first step that every hook which the network needs did its part.
     *
     * @throws LowRankException naming the layers that the step did not reach
     */
    void prove() {
        List<String> missed = Stream.concat(
                        adapted.stream().filter(AdaptedLayer::isMissed).map(AdaptedLayer::name),
                        watched.stream().filter(WatchedLayer::isMissed).map(WatchedLayer::name))
                .toList();
        if (!missed.isEmpty()) {
            throw new LowRankException("The first step did not reach the adapters of " + String.join(", ", missed)
                    + ": the hooks in DL4J's layers did not run. The step was not applied. Run with verbose=true to see"
                    + " which classes were woven, or with enabled=false to train without lowrank4j.");
        }
        for (ReplacedLoss loss : losses) {
            if (loss.isMissed()) {
                throw new LowRankException("The first step did not use the loss that the rule sets for output layer "
                        + loss.layer() + ": the hook in DL4J's output layers did not run. The step was not applied. Run"
                        + " with verbose=true to see which classes were woven, or without the key loss.");
            }
        }
    }
}
