package org.lowrank4j.update;

import java.util.Map;
import org.lowrank4j.method.Method;
import org.lowrank4j.method.OptionValues;
import org.nd4j.linalg.api.buffer.DataType;

/** How a step changes a target weight W, and how the subspace of that change moves: LoRA's A B, SwitchLoRA, W itself. */
public interface LowRankUpdate extends Method {

    /** The initialisation that this update is published with, used when the user names none. */
    String defaultInitialisation();

    /** The numerator of the scale that this update is published with, used when the user names none; 8 as in PEFT. */
    default double defaultAlpha() {
        return 8;
    }

    /**
     * Whether the update has factors A and B that an {@link org.lowrank4j.initialisation.Initialisation} starts. An
     * update without such factors trains W itself, or its start is part of it ({@link TargetUpdate#start()}); an
     * initialisation named together with it is refused.
     */
    default boolean hasFactors() {
        return true;
    }

    /** Whether the rank of the rule means anything to this update; where it does not, it may be above min(nIn, nOut). */
    default boolean usesRank() {
        return true;
    }

    /**
     * The options that change where a rank for all layers is cut to what fits a small one; by default none.
     *
     * @param asked the rank for all layers
     * @param rank what it is cut to
     * @return keyed {@code method.option}
     */
    default Map<String, String> optionsForRank(int asked, int rank, OptionValues options) {
        return Map.of();
    }

    /** Whether W itself is trained, so that the user's constraints on W say nothing about a base beside it. */
    default boolean trainsWeight() {
        return false;
    }

    /**
     * Whether it is made for weights that nothing has trained before: in time it reaches any W, or it is published for
     * training from scratch. Others add to a W that has learned, and learn less from one that is random.
     */
    default boolean learnsFromScratch() {
        return trainsWeight();
    }

    /**
     * Why the user's constraints cannot hold for W, the effective weight, after every step, as part of a sentence; empty if
     * they can, as by default. Then W may be another at the beginning of a step than the last one left it.
     */
    default String constraintRefusal() {
        return "";
    }

    /**
     * Whether it moves everything that the network trains at once ({@link #ofNetwork}). Then all targets must have it, and
     * unless the user says otherwise the whole network trains: the biases of targets, and all layers that are no targets.
     */
    default boolean movesNetwork() {
        return false;
    }

    /**
     * The state of an update that moves everything that the network trains at once, targets and all else, through fewer
     * numbers. Its targets are attached, too: their gradients are the gradients of the entries, and their steps move them.
     * Called once per network, outside any workspace, and only if {@link #movesNetwork()}.
     *
     * @param sizes of all trained tensors in a fixed order, without running statistics
     * @param type FLOAT or DOUBLE
     * @param seed from (seed, network id)
     */
    default NetworkUpdate ofNetwork(long[] sizes, DataType type, long seed, OptionValues options) {
        throw new UnsupportedOperationException("update=" + name() + " moves target by target");
    }

    /** Bytes that {@link #ofNetwork} will keep, about; parameters as there. */
    default long networkBytes(long[] sizes, DataType type, OptionValues options) {
        return 0;
    }

    /**
     * What {@link #attach} will keep for a target, from its sizes and options; the state must keep just that. By default
     * W itself trains, and nothing is kept.
     */
    default Footprint footprint(TargetWeight target) {
        return Footprint.of(new long[] {target.inputs(), target.outputs()});
    }

    /**
     * Makes the state of one target. Called once per target, outside any workspace; everything that the state keeps is
     * allocated here.
     */
    TargetUpdate attach(TargetWeight target);
}
