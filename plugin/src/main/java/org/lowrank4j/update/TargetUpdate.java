package org.lowrank4j.update;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.Kept;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.regularization.Regularization;

/**
 * The state of one target during training. A step goes through {@link #beforeForward}, {@link #gradient} (in the layer's
 * backward pass), {@link #beforeUpdater}, the user's updater on the gradient views, and {@link #step} with what the updater
 * made of them; a step that is left out ends in {@link #abandon} instead.
 *
 * <p>Not thread-safe: one network trains on one thread at a time. A state holds arrays, never the network or a layer.
 */
public interface TargetUpdate {

    /** The tensors that the user's updater trains, in a fixed order that is the order of all arrays below. */
    List<TrainedTensor> tensors();

    /** What it keeps, with what an approximation around it keeps: the target's. */
    Kept kept();

    /**
     * Sets the factors at the start of training. Called exactly once before the first {@link #gradient} if an initialisation
     * starts the update ({@link StartedUpdate}) and it is not restored from a file.
     */
    default void start(Factors factors) {
        throw new UnsupportedOperationException("this update starts by itself");
    }

    /**
     * Starts an update whose start is part of it, from W alone; it may move W. Called exactly once before the first
     * {@link #gradient}, outside any workspace, if no initialisation starts the update and it is not restored from a file.
     * By default there is nothing to start.
     */
    default void start() {}

    /** Whether {@link #start()} may move W; false by default. */
    default boolean startMovesWeight() {
        return false;
    }

    /**
     * The start of a step, before the forward pass, outside any workspace. W may be moved here for the length of the step:
     * exactly one of {@link #step} and {@link #abandon} follows, and ends with W being the effective weight again. By
     * default there is nothing to do. A gradient approximation that wraps such an update passes both calls on.
     *
     * @param iteration the network's iteration counter
     * @param epoch the network's epoch counter
     */
    default void beforeForward(int iteration, int epoch) {}

    /**
     * The end of a step that is left out, because its loss or a gradient is not finite or because something in it threw, be
     * it {@link #beforeForward} of this or of another target: puts W back as it was before the step, and forgets what was
     * put off until its end. The step does not count. Does nothing if the step had not come to this target.
     */
    default void abandon() {}

    /**
     * What this target needs of every step's minibatch besides the step's own gradient, null for nothing, as by default.
     * The engine runs each object once a step, however many targets share it.
     */
    default @Nullable ExtraPasses extraPasses() {
        return null;
    }

    /**
     * Why, with the options that it has, the gradients of its tensors are no derivatives of the loss by them, as part of a
     * sentence; empty if they are, as by default. See {@link LowRankUpdate#curvatureRefusal}.
     */
    default Optional<String> curvatureRefusal() {
        return Optional.empty();
    }

    /**
     * Writes the gradients of {@link #tensors()} into the given views, overwriting them.
     *
     * @param gradient dL/dW, summed over the examples
     * @param gradients one view per tensor, with the tensor's shape and order
     */
    void gradient(WeightGradient gradient, INDArray[] gradients);

    /**
     * What lets W lag behind for some steps; null, by default, for an update that moves W in every step. A gradient
     * approximation that wraps an update answers null, unless it works with the update's own gradients and steps.
     */
    default @Nullable SidePath sidePath() {
        return null;
    }

    /**
     * The updater for one tensor; by default the user's own. An update that must see its updater's state per vector
     * answers with one of its own that carries on the user's settings.
     */
    default IUpdater updater(TrainedTensor tensor, IUpdater usersUpdater) {
        return usersUpdater;
    }

    /**
     * Between the backward pass and the updater, after division by the minibatch size and gradient normalisation. Moves
     * of the subspace that leave W as it is belong here.
     *
     * @param gradients one view per tensor; may be edited
     * @param updaterStates one view per tensor, or an empty array where the updater keeps no state; may be edited. The
     *     layout is the updater's own for that tensor: Adam keeps m then v, each of the tensor's length and order
     */
    default void beforeUpdater(INDArray[] gradients, INDArray[] updaterStates) {}

    /**
     * Whether {@link #beforeUpdater} does anything, so that the engine gives this target's tensors updater blocks of
     * their own.
     */
    default boolean movesUpdaterState() {
        return false;
    }

    /**
     * Applies one of the user's regularisation terms for W, at the term's own step: BEFORE_UPDATER on the gradients
     * after {@link #beforeUpdater}, POST_UPDATER on the steps just before {@link #step}. By default it acts on every
     * tensor that has a value. An update whose gradients are images of dL/dW maps the term instead.
     *
     * @param term from the layer's configuration; never changed
     * @param gradients one view per tensor: the gradients before the updater, the steps after it
     * @param learningRates the updater's rate of this step for each tensor
     * @param iteration the network's iteration counter
     * @param epoch the network's epoch counter
     */
    default void regularise(
            Regularization term, INDArray[] gradients, double[] learningRates, int iteration, int epoch) {
        List<TrainedTensor> tensors = tensors();
        for (int i = 0; i < gradients.length; i++) {
            INDArray value = tensors.get(i).value();
            if (value != null) {
                term.apply(value, gradients[i], learningRates[i], iteration, epoch);
            }
        }
    }

    /**
     * The end of a step that counts: everything moves by what the updater made of the gradients.
     *
     * @param steps one view per tensor, with the tensor's shape and order; its content may be destroyed
     */
    default void step(INDArray[] steps) {
        move(steps);
        moved();
    }

    /**
     * Moves the tensors, tensor -= step, and W with them, and nothing else.
     *
     * @param steps as in {@link #step}
     */
    void move(INDArray[] steps);

    /** What comes after {@link #move} in a step that counts: counters, restarts, truncations. By default nothing. */
    default void moved() {}

    /**
     * After the user's constraints on W were held, at the end of a step: W as it is now is what the step left, and nobody
     * has written to it. By default there is nothing to do.
     */
    default void weightConstrained() {}
}
