package org.lowrank4j.kind;

import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Trainable;
import org.jspecify.annotations.Nullable;

/**
 * A kind of layer, and all that is known of it: which layers it is for, which matrices they have, and how they train. Found
 * as a service, so a kind of one's own is one class and a line in {@code META-INF/services/org.lowrank4j.kind.LayerKind}. It
 * is asked before those that come with lowrank4j.
 *
 * <p>{@link #is} and {@link #matrices} are enough to adapt it: DL4J runs the layer's passes, and what its backward pass makes
 * of dL/dM is projected. That saves the memory of gradient and updater, and none of the time of the layer's own passes; a
 * kind with a {@link #standIn} runs them itself.
 */
public interface LayerKind {

    /**
     * Whether a layer is of this kind. By its exact class as a rule: a subclass may do something else with its weights.
     *
     * @param layer a layer without what wraps it, or a vertex with parameters
     */
    boolean is(Trainable layer);

    /**
     * The matrices that layers of this kind can have, in DL4J's order; a layer has those whose parameter it has. Each says
     * how files hold its factors.
     */
    List<Matrix> matrices();

    /** What becomes of its matrices' products; by default their sum goes through the activation function. */
    default PreActivation preActivation() {
        return PreActivation.ACTIVATED;
    }

    /** The rows that its matrices multiply; null, by default, for a kind that does not show them. */
    default @Nullable InputRows inputRows() {
        return null;
    }

    /** The tokens that stand for such rows; null, by default, for a kind whose rows are none. */
    default @Nullable InputTokens inputTokens() {
        return null;
    }

    /** The initialisation with which LoRA's factors start on its matrices; null, by default, for LoRA's own. */
    default @Nullable String defaultStart() {
        return null;
    }

    /** What a rule that names no layers makes of it; by default a target once something has trained it. */
    default DefaultTarget byDefault() {
        return DefaultTarget.ONCE_TRAINED;
    }

    /** Why a layer cannot be adapted as it is, as a clause; null, by default, if it can. */
    default @Nullable String refusal(Trainable layer) {
        return null;
    }

    /** Whether its parameters train together or not at all; by default its vectors may train beside frozen matrices. */
    default boolean trainsAsAWhole() {
        return false;
    }

    /** Whether what DL4J counts among its weights are vectors, which train where rules say so of vectors. */
    default boolean weightsAreVectors() {
        return false;
    }

    /** Whether the answer for an example in training depends on the others of its minibatch. */
    default boolean mixesExamples() {
        return false;
    }

    /** The parameters that DL4J keeps of what passes a layer, and no gradient trains; by default none. */
    default List<String> statistics() {
        return List.of();
    }

    /** The parameters that it sets in its backward pass whatever their gradients are; by default none. */
    default List<String> setByItself() {
        return List.of();
    }

    /** What runs a layer's passes in training steps; null, by default, where DL4J does. */
    default @Nullable StandIn standIn(Layer layer) {
        return null;
    }

    /** A layer as two, for a matrix of low rank; null, by default, if it cannot be two. */
    default @Nullable TwoLayers twoLayers(Layer layer) {
        return null;
    }

    /** The loss of its layers; null, by default, if none can stand for it. */
    default @Nullable OutputLoss outputLoss() {
        return null;
    }

    /** DL4J's types of its layers, as messages list them; by default they do not. */
    default List<String> types() {
        return List.of();
    }

    /**
     * Why a layer is of no use as it is while it is frozen, as a clause after its type ({@code "that .."}); null, by
     * default, if it is of use.
     */
    default @Nullable String uselessIfFrozen(Layer layer) {
        return null;
    }
}
