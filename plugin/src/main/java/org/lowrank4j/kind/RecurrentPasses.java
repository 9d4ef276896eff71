package org.lowrank4j.kind;

import java.util.Map;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.layers.recurrent.BaseRecurrentLayer;
import org.deeplearning4j.nn.params.LSTMParamInitializer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.blas.Blas;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The passes of a recurrent layer whose W and RW are adapted or frozen.
 *
 * <p>Next to the stock layer they save: dL/dW and dL/dRW (never formed), the second forward pass (what the first one made is
 * kept), epsilon where nothing below is trained, and the products of single steps where one of all steps will do.
 */
abstract class RecurrentPasses implements LayerPasses {

    static final String WEIGHT = LSTMParamInitializer.INPUT_WEIGHT_KEY;
    static final String RECURRENT = LSTMParamInitializer.RECURRENT_WEIGHT_KEY;
    static final String BIAS = LSTMParamInitializer.BIAS_KEY;

    private final LayerTraining training;

    private @Nullable RecurrentSteps kept;

    RecurrentPasses(LayerTraining training) {
        this.training = training;
    }

    final LayerTraining training() {
        return training;
    }

    /**
     * Runs the steps.
     *
     * @param x rows of the input, after dropout
     * @param mask examples x steps: where it is 0, outputs and memory are; null for none
     * @param workspaces what is kept is in that of activations
     */
    abstract RecurrentSteps run(
            BaseRecurrentLayer<?> layer,
            INDArray x,
            long examples,
            RecurrentState state,
            @Nullable INDArray mask,
            LayerWorkspaceMgr workspaces);

    /** The state that DL4J's forward pass over the next stretch of a series begins with. */
    RecurrentState stateForward(BaseRecurrentLayer<?> layer) {
        return RecurrentState.of(layer.rnnGetTBPTTState());
    }

    /** The state that its backward pass over a stretch of a series begins with. */
    abstract RecurrentState stateBackward(BaseRecurrentLayer<?> layer);

    /** Whether its backward pass looks at the mask. */
    abstract boolean masksBackward();

    /** Whether what the step at which the way back ends adds to dL/dRW is left out. */
    abstract boolean leavesOutFirst();

    static boolean isStepsFirst(BaseLayer<?> layer) {
        return ((BaseRecurrentLayer<?>) layer).getDataFormat() == RNNFormat.NWC;
    }

    /** examples x units x steps, as DL4J's other format has it too then. */
    private static INDArray unitsFirst(BaseLayer<?> layer, INDArray array) {
        return isStepsFirst(layer) ? array.permute(0, 2, 1) : array;
    }

    @Override
    public final void forget() {
        kept = null;
    }

    @Override
    public final @Nullable INDArray forward(BaseLayer<?> layer, LayerWorkspaceMgr workspaces) {
        kept = run(layer, RecurrentState.NONE, workspaces);
        return kept == null ? null : outward(layer, kept, workspaces);
    }

    @Override
    public final @Nullable INDArray forwardFromState(BaseLayer<?> layer, boolean keeps, LayerWorkspaceMgr workspaces) {
        BaseRecurrentLayer<?> recurrent = (BaseRecurrentLayer<?>) layer;
        kept = run(layer, stateForward(recurrent), workspaces);
        if (kept == null) {
            return null;
        }
        if (keeps) {
            keepEnd(recurrent, kept);
        }
        return outward(layer, kept, workspaces);
    }

    static void keepEnd(BaseRecurrentLayer<?> layer, RecurrentSteps steps) {
        Map<String, INDArray> state = layer.rnnGetTBPTTState();
        steps.end().keep(state);
        layer.rnnSetTBPTTState(state);
    }

    /** Null to let the stock layer answer, and complain, where the input does not fit. */
    private @Nullable RecurrentSteps run(BaseLayer<?> layer, RecurrentState state, LayerWorkspaceMgr workspaces) {
        INDArray weight = training.weight(layer, WEIGHT);
        INDArray input = layer.input();
        if (input == null
                || input.rank() != 3
                || input.isEmpty()
                || unitsFirst(layer, input).size(1) != weight.size(0)
                || !state.fits(input.size(0))) {
            return null;
        }
        LayerInternals.applyDropout(layer, workspaces);
        INDArray series = unitsFirst(layer, layer.input().castTo(weight.dataType()));
        return run(
                (BaseRecurrentLayer<?>) layer,
                StepRows.of(series, workspaces, ArrayType.ACTIVATIONS),
                series.size(0),
                state,
                mask(layer, weight),
                workspaces);
    }

    private static @Nullable INDArray mask(BaseLayer<?> layer, INDArray weight) {
        INDArray mask = layer.getMaskArray();
        return mask == null ? null : mask.castTo(weight.dataType());
    }

    private INDArray outward(BaseLayer<?> layer, RecurrentSteps steps, LayerWorkspaceMgr workspaces) {
        INDArray series = StepRows.series(steps.outputs(), layer.input().size(0));
        // In the order in which DL4J leaves it: dropout draws in that of memory.
        return unitsFirst(
                layer, training.outputMayBeOverwritten() ? workspaces.dup(ArrayType.ACTIVATIONS, series, 'f') : series);
    }

    @Override
    public final @Nullable Pair<Gradient, INDArray> backward(
            BaseLayer<?> layer, INDArray epsilon, LayerWorkspaceMgr workspaces) {
        RecurrentSteps steps = since(RecurrentState.NONE, layer, workspaces);
        return steps == null ? null : backward(layer, steps, 0, epsilon, workspaces);
    }

    @Override
    public final @Nullable Pair<Gradient, INDArray> truncatedBackward(
            BaseLayer<?> layer, INDArray epsilon, int length, LayerWorkspaceMgr workspaces) {
        BaseRecurrentLayer<?> recurrent = (BaseRecurrentLayer<?>) layer;
        RecurrentSteps steps = since(stateBackward(recurrent), layer, workspaces);
        if (steps == null) {
            return null;
        }
        afterTruncated(recurrent, steps);
        long count = steps.inputs().size(0) / epsilon.size(0);
        return backward(layer, steps, (int) Math.max(0, count - length), epsilon, workspaces);
    }

    /** What DL4J's backward pass over a stretch of a series leaves in the layer; by default the state at its end. */
    void afterTruncated(BaseRecurrentLayer<?> layer, RecurrentSteps steps) {
        keepEnd(layer, steps);
    }

    /** The steps from a state on: DL4J's backward pass may begin elsewhere than the forward pass did. */
    private @Nullable RecurrentSteps since(RecurrentState state, BaseLayer<?> layer, LayerWorkspaceMgr workspaces) {
        layer.assertInputSet(true);
        RecurrentSteps steps = kept;
        forget();
        return steps != null && steps.start().is(state) ? steps : run(layer, state, workspaces);
    }

    /** @param first the step at which the way back ends */
    private Pair<Gradient, INDArray> backward(
            BaseLayer<?> layer, RecurrentSteps steps, int first, INDArray epsilon, LayerWorkspaceMgr workspaces) {
        INDArray weight = training.weight(layer, WEIGHT);
        INDArray series = unitsFirst(layer, epsilon.castTo(weight.dataType()));
        INDArray deltas = steps.deltas(
                StepRows.copyOf(series, workspaces, ArrayType.BP_WORKING_MEM),
                first,
                masksBackward() ? mask(layer, weight) : null,
                workspaces);
        long examples = series.size(0);
        long from = first * examples;
        INDArray delta = StepRows.since(deltas, from);
        Gradient trained = new DefaultGradient();
        takeBias(training, BIAS, delta, trained);
        take(training, WEIGHT, StepRows.since(steps.inputs(), from), delta, examples, trained);
        INDArray previous = StepRows.since(steps.previousOutputs(), from);
        if (first > 0 && leavesOutFirst()) {
            previous = workspaces.dup(ArrayType.BP_WORKING_MEM, previous, 'c');
            StepRows.some(previous, 0, examples).assign(0);
        }
        take(training, RECURRENT, previous, delta, examples, trained);
        if (!training.needsEpsilon()) {
            return new Pair<>(trained, null);
        }
        INDArray below = workspaces.createUninitialized(
                ArrayType.ACTIVATION_GRAD, weight.dataType(), new long[] {deltas.size(0), weight.size(0)}, 'c');
        if (first > 0) {
            StepRows.some(below, 0, from).assign(0);
        }
        Blas.gemm(delta, weight, StepRows.since(below, from), false, true, 1, 0);
        INDArray dropped = LayerInternals.backpropDropout(layer, unitsFirst(layer, StepRows.series(below, examples)));
        return new Pair<>(trained, dropped);
    }

    /** The gradient of a bias, if it trains. */
    static void takeBias(LayerTraining training, String parameter, INDArray delta, Gradient trained) {
        INDArray gradient = training.gradient(parameter);
        if (gradient != null) {
            gradient.assign(delta.sum(0).reshape(gradient.shape()));
            trained.gradientForVariable().put(parameter, gradient);
        }
    }

    /** That of a matrix, by what went into it. */
    static void take(
            LayerTraining training, String parameter, INDArray rows, INDArray delta, long examples, Gradient trained) {
        INDArray shown = training.take(parameter, new OuterProduct(rows, delta), examples);
        if (shown != null) {
            trained.gradientForVariable().put(parameter, shown);
        }
    }
}
