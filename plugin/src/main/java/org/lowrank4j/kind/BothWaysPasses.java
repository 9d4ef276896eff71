package org.lowrank4j.kind;

import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.layers.recurrent.GravesBidirectionalLSTM;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.blas.Blas;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The passes of DL4J's layer of two LSTMs with peepholes, one of which sees the series from its end: their outputs are added.
 * DL4J applies no dropout in it.
 */
final class BothWaysPasses implements LayerPasses {

    /** What DL4J puts behind the names of the parameters of each way. */
    private static final String[] WAYS = {"F", "B"};

    private final LayerTraining training;
    private final Ones ones = new Ones();

    private LstmSteps @Nullable [] kept;

    BothWaysPasses(LayerTraining training) {
        this.training = training;
    }

    /** Whether these passes compute what DL4J would. */
    static boolean canRun(BaseLayer<?> layer) {
        var settings = ((GravesBidirectionalLSTM) layer).layerConf();
        return Slopes.exist(settings.getActivationFn()) && Slopes.exist(settings.getGateActivationFn());
    }

    @Override
    public void forget() {
        kept = null;
    }

    private static INDArray unitsFirst(GravesBidirectionalLSTM layer, INDArray array) {
        return layer.getDataFormat() == RNNFormat.NWC ? array.permute(0, 2, 1) : array;
    }

    @Override
    public @Nullable INDArray forward(BaseLayer<?> base, LayerWorkspaceMgr workspaces) {
        GravesBidirectionalLSTM layer = (GravesBidirectionalLSTM) base;
        kept = run(layer, workspaces);
        if (kept == null) {
            return null;
        }
        INDArray sum = workspaces.dup(ArrayType.ACTIVATIONS, kept[0].outputs(), 'c');
        long examples = layer.input().size(0);
        add(kept[1].outputs(), sum, examples);
        INDArray series = StepRows.series(sum, examples);
        // In the order in which DL4J leaves it: dropout draws in that of memory.
        return unitsFirst(
                layer, training.outputMayBeOverwritten() ? workspaces.dup(ArrayType.ACTIVATIONS, series, 'f') : series);
    }

    /** Null to let the stock layer answer, and complain, where the input does not fit. */
    private LstmSteps @Nullable [] run(GravesBidirectionalLSTM layer, LayerWorkspaceMgr workspaces) {
        INDArray weight = training.weight(layer, "WF");
        INDArray input = layer.input();
        if (input == null
                || input.rank() != 3
                || input.isEmpty()
                || unitsFirst(layer, input).size(1) != weight.size(0)) {
            return null;
        }
        INDArray x = StepRows.of(unitsFirst(layer, input.castTo(weight.dataType())), workspaces, ArrayType.ACTIVATIONS);
        LstmSteps[] both = new LstmSteps[WAYS.length];
        for (int way = 0; way < both.length; way++) {
            LstmSteps.Weights weights = new LstmSteps.Weights(
                    training.weight(layer, "W" + WAYS[way]),
                    training.weight(layer, "RW" + WAYS[way]),
                    layer.getParam("b" + WAYS[way]),
                    layer.layerConf().getActivationFn(),
                    layer.layerConf().getGateActivationFn());
            both[way] = new LstmSteps(
                    way == 0 ? x : fromTheEnd(x, input.size(0), workspaces, ArrayType.ACTIVATIONS),
                    input.size(0),
                    weights,
                    RecurrentState.NONE,
                    mask(layer, weight, way),
                    ones,
                    workspaces);
        }
        return both;
    }

    private static @Nullable INDArray mask(GravesBidirectionalLSTM layer, INDArray weight, int way) {
        INDArray mask = layer.getMaskArray();
        if (mask == null || way == 0) {
            return mask == null ? null : mask.castTo(weight.dataType());
        }
        INDArray fromTheEnd = mask.castTo(weight.dataType()).dup();
        for (long step = 0; step < mask.size(1); step++) {
            fromTheEnd.getColumn(step, true).assign(mask.getColumn(mask.size(1) - 1 - step, true));
        }
        return fromTheEnd;
    }

    @Override
    public @Nullable Pair<Gradient, INDArray> backward(
            BaseLayer<?> base, INDArray epsilon, LayerWorkspaceMgr workspaces) {
        GravesBidirectionalLSTM layer = (GravesBidirectionalLSTM) base;
        layer.assertInputSet(true);
        LstmSteps[] both = kept == null ? run(layer, workspaces) : kept;
        forget();
        if (both == null) {
            return null;
        }
        long examples = epsilon.size(0);
        Gradient trained = new DefaultGradient();
        INDArray below = null;
        for (int way = 0; way < WAYS.length; way++) {
            LstmSteps steps = both[way];
            INDArray weight = training.weight(layer, "W" + WAYS[way]);
            INDArray series = unitsFirst(layer, epsilon.castTo(weight.dataType()));
            INDArray rows = way == 0
                    ? StepRows.copyOf(series, workspaces, ArrayType.BP_WORKING_MEM)
                    : fromTheEnd(
                            StepRows.of(series, workspaces, ArrayType.BP_WORKING_MEM),
                            examples,
                            workspaces,
                            ArrayType.BP_WORKING_MEM);
            INDArray delta = steps.deltas(rows, 0, mask(layer, weight, way), workspaces);
            RecurrentPasses.takeBias(training, "b" + WAYS[way], delta, trained);
            RecurrentPasses.take(training, "W" + WAYS[way], steps.inputs(), delta, examples, trained);
            RecurrentPasses.take(training, "RW" + WAYS[way], steps.previousOutputs(), delta, examples, trained);
            if (training.needsEpsilon()) {
                INDArray its = workspaces.createUninitialized(
                        way == 0 ? ArrayType.ACTIVATION_GRAD : ArrayType.BP_WORKING_MEM,
                        weight.dataType(),
                        new long[] {delta.size(0), weight.size(0)},
                        'c');
                Blas.gemm(delta, weight, its, false, true, 1, 0);
                if (below == null) {
                    below = its;
                } else {
                    add(its, below, examples);
                }
            }
        }
        return new Pair<>(trained, below == null ? null : unitsFirst(layer, StepRows.series(below, examples)));
    }

    /** Adds the steps of the way from the end to those of the way from the begin. */
    private static void add(INDArray fromTheEnd, INDArray to, long examples) {
        INDArray[] last = StepRows.steps(fromTheEnd, examples);
        INDArray[] first = StepRows.steps(to, examples);
        for (int t = 0; t < first.length; t++) {
            Blas.axpy(1, last[last.length - 1 - t], first[t]);
        }
    }

    private static INDArray fromTheEnd(INDArray rows, long examples, LayerWorkspaceMgr workspaces, ArrayType where) {
        INDArray copy = workspaces.createUninitialized(where, rows.dataType(), rows.shape(), 'c');
        INDArray[] steps = StepRows.steps(rows, examples);
        INDArray[] copies = StepRows.steps(copy, examples);
        for (int t = 0; t < steps.length; t++) {
            Blas.copy(steps[steps.length - 1 - t], copies[t]);
        }
        return copy;
    }
}
