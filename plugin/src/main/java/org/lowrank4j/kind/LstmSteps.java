package org.lowrank4j.kind;

import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.blas.Blas;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The steps of an LSTM, forward and back, with all that the way back needs of the way forward:
 *
 * <pre>
 * z = x W + h' RW + b, in four gates: candidate I, forget F, output O, input G
 * c = f(zF) c' + f(zG) a(zI),   h = f(zO) a(c)
 * </pre>
 *
 * where h' and c' are those of the step before, f is the activation of the gates and a the layer's. With peepholes, c' goes
 * into F and G and c into O, by one weight for each unit.
 *
 * <p>Each gate, h and c are rows of all steps ({@link StepRows}); h and c begin with those before the first step.
 */
final class LstmSteps implements RecurrentSteps {

    private static final int CANDIDATE = 0;
    private static final int FORGET = 1;
    private static final int OUTPUT = 2;
    private static final int INPUT = 3;
    private static final int GATES = 4;

    /**
     * What the steps of n units are computed with.
     *
     * @param inputs W, nIn x 4n
     * @param recurrent RW, n x 4n, or n x (4n + 3) with the weights of the peepholes of F, O and G
     * @param bias 4n
     * @param cell a
     * @param gate f
     */
    record Weights(INDArray inputs, INDArray recurrent, INDArray bias, IActivation cell, IActivation gate) {

        long units() {
            return recurrent.size(0);
        }

        private boolean peepholes() {
            return recurrent.size(1) > GATES * units();
        }

        /** n numbers, of the peepholes of F, O or G. */
        private INDArray peephole(int which) {
            return vector(recurrent, (GATES * units() + which) * units(), units());
        }

        private static INDArray vector(INDArray array, long from, long count) {
            return Nd4j.create(
                    array.data(), new long[] {count}, new long[] {1}, array.offset() + from, 'c', array.dataType());
        }

        private INDArray[] columns(INDArray matrix) {
            INDArray[] columns = new INDArray[GATES];
            for (int gate = 0; gate < GATES; gate++) {
                columns[gate] = Nd4j.create(
                        matrix.data(),
                        new long[] {matrix.size(0), units()},
                        new long[] {1, matrix.size(0)},
                        matrix.offset() + gate * units() * matrix.size(0),
                        'f',
                        matrix.dataType());
            }
            return columns;
        }
    }

    private final INDArray x;
    private final long examples;
    private final int steps;
    private final Weights weights;
    private final RecurrentState start;
    private final @Nullable INDArray mask;
    /** What the activations of the gates say, and before that z. */
    private final INDArray gates;
    /** z, where slopes are not taken from what the activation says. */
    private final @Nullable INDArray before;

    private final INDArray h;
    private final INDArray c;
    /** a(c), without the mask. */
    private final INDArray activatedCell;

    /**
     * Runs the steps.
     *
     * @param x rows of the input, after dropout
     * @param mask examples x steps: where it is 0, h and c are; null for none
     * @param workspaces what is kept is in that of activations
     */
    LstmSteps(
            INDArray x,
            long examples,
            Weights weights,
            RecurrentState start,
            @Nullable INDArray mask,
            Ones ones,
            LayerWorkspaceMgr workspaces) {
        this.x = x;
        this.examples = examples;
        this.weights = weights;
        this.start = start;
        this.mask = mask;
        steps = Math.toIntExact(x.size(0) / examples);
        gates = rows(GATES * x.size(0), workspaces, ArrayType.ACTIVATIONS);
        boolean fromOutputs = Slopes.areOfOutputs(weights.gate()) && Slopes.areOfOutputs(weights.cell());
        before = fromOutputs ? null : rows(GATES * x.size(0), workspaces, ArrayType.ACTIVATIONS);
        h = rows(x.size(0) + examples, workspaces, ArrayType.ACTIVATIONS);
        c = rows(x.size(0) + examples, workspaces, ArrayType.ACTIVATIONS);
        activatedCell = rows(x.size(0), workspaces, ArrayType.ACTIVATIONS);
        StepRows.begin(h, examples, start.output());
        StepRows.begin(c, examples, start.memory());
        run(ones);
    }

    private INDArray rows(long count, LayerWorkspaceMgr workspaces, ArrayType where) {
        return workspaces.createUninitialized(
                where, weights.inputs().dataType(), new long[] {count, weights.units()}, 'c');
    }

    /** The rows of one gate in an array of all. */
    private INDArray gate(INDArray all, int which) {
        return StepRows.some(all, which * x.size(0), x.size(0));
    }

    private INDArray[][] stepsOfGates(INDArray all) {
        INDArray[][] byGate = new INDArray[GATES][];
        for (int gate = 0; gate < GATES; gate++) {
            byGate[gate] = StepRows.steps(gate(all, gate), examples);
        }
        return byGate;
    }

    private void run(Ones ones) {
        INDArray[] inputs = weights.columns(weights.inputs());
        INDArray[] recurrent = weights.columns(weights.recurrent());
        INDArray all = ones.of(gates.dataType(), x.size(0));
        for (int gate = 0; gate < GATES; gate++) {
            INDArray rows = gate(gates, gate);
            Blas.gemm(x, inputs[gate], rows, false, false, 1, 0);
            Blas.addRow(Weights.vector(weights.bias(), gate * weights.units(), weights.units()), all, rows);
        }
        INDArray[][] z = stepsOfGates(gates);
        INDArray[][] kept = before == null ? z : stepsOfGates(before);
        INDArray[] outputs = StepRows.steps(h, examples);
        INDArray[] memories = StepRows.steps(c, examples);
        INDArray[] cells = StepRows.steps(activatedCell, examples);
        for (int t = 0; t < steps; t++) {
            for (int gate = 0; gate < GATES; gate++) {
                Blas.gemm(outputs[t], recurrent[gate], z[gate][t], false, false, 1, 1);
            }
            INDArray memory = memories[t + 1];
            if (weights.peepholes()) {
                z[FORGET][t].addi(memories[t].mulRowVector(weights.peephole(0)));
                z[INPUT][t].addi(memories[t].mulRowVector(weights.peephole(2)));
            }
            activate(weights.cell(), CANDIDATE, z, kept, t);
            activate(weights.gate(), FORGET, z, kept, t);
            activate(weights.gate(), INPUT, z, kept, t);
            z[INPUT][t].mul(z[CANDIDATE][t], cells[t]);
            z[FORGET][t].mul(memories[t], memory);
            Blas.axpy(1, cells[t], memory);
            if (weights.peepholes()) {
                z[OUTPUT][t].addi(memory.mulRowVector(weights.peephole(1)));
            }
            activate(weights.gate(), OUTPUT, z, kept, t);
            StepRows.activate(weights.cell(), memory, cells[t]);
            z[OUTPUT][t].mul(cells[t], outputs[t + 1]);
            if (mask != null) {
                INDArray column = mask.getColumn(t, true);
                outputs[t + 1].muliColumnVector(column);
                memory.muliColumnVector(column);
            }
        }
    }

    private static void activate(IActivation activation, int gate, INDArray[][] z, INDArray[][] kept, int t) {
        if (kept != z) {
            Blas.copy(z[gate][t], kept[gate][t]);
        }
        StepRows.activate(activation, z[gate][t], z[gate][t]);
    }

    @Override
    public RecurrentState start() {
        return start;
    }

    @Override
    public RecurrentState end() {
        return new RecurrentState(StepRows.since(h, x.size(0)), StepRows.since(c, x.size(0)));
    }

    @Override
    public INDArray inputs() {
        return x;
    }

    @Override
    public INDArray outputs() {
        return StepRows.since(h, examples);
    }

    @Override
    public INDArray previousOutputs() {
        return StepRows.some(h, 0, x.size(0));
    }

    @Override
    public INDArray deltas(INDArray epsilon, int first, @Nullable INDArray masked, LayerWorkspaceMgr workspaces) {
        INDArray ofOutput = rows(x.size(0), workspaces, ArrayType.BP_WORKING_MEM);
        INDArray deltas = factors(ofOutput, workspaces);
        INDArray[][] delta = stepsOfGates(deltas);
        INDArray[] epsilons = StepRows.steps(epsilon, examples);
        INDArray[] toCell = StepRows.steps(ofOutput, examples);
        INDArray[] forget = StepRows.steps(gate(gates, FORGET), examples);
        INDArray[] recurrent = weights.columns(weights.recurrent());
        INDArray carried = rows(examples, workspaces, ArrayType.BP_WORKING_MEM);
        for (int t = steps - 1; t >= first; t--) {
            boolean last = t == steps - 1;
            INDArray ofH = epsilons[t];
            for (int gate = 0; gate < GATES && !last; gate++) {
                Blas.gemm(delta[gate][t + 1], recurrent[gate], ofH, false, true, 1, 1);
            }
            delta[OUTPUT][t].muli(ofH);
            INDArray ofC = toCell[t].muli(ofH);
            if (!last) {
                Blas.axpy(1, carried, ofC);
            }
            if (weights.peepholes()) {
                ofC.addi(delta[OUTPUT][t].mulRowVector(weights.peephole(1)));
                if (!last) {
                    ofC.addi(delta[FORGET][t + 1].mulRowVector(weights.peephole(0)));
                    ofC.addi(delta[INPUT][t + 1].mulRowVector(weights.peephole(2)));
                }
            }
            forget[t].mul(ofC, carried);
            delta[FORGET][t].muli(ofC);
            delta[INPUT][t].muli(ofC);
            delta[CANDIDATE][t].muli(ofC);
            if (masked != null) {
                INDArray column = masked.getColumn(t, true);
                for (int gate = 0; gate < GATES; gate++) {
                    delta[gate][t].muliColumnVector(column);
                }
            }
        }
        INDArray byRow = workspaces.dup(
                ArrayType.BP_WORKING_MEM,
                deltas.reshape('c', GATES, x.size(0), weights.units()).permute(1, 0, 2),
                'c');
        return Matrix.memory(byRow, x.size(0), GATES * weights.units(), 'c');
    }

    /**
     * What turns dL/dh into dL/dz of O, and dL/dc into that of the others: products of what the gates say and of slopes.
     *
     * @param toCell is set to what turns dL/dh into dL/dc
     */
    private INDArray factors(INDArray toCell, LayerWorkspaceMgr workspaces) {
        INDArray factors = rows(GATES * x.size(0), workspaces, ArrayType.BP_WORKING_MEM);
        for (int gate = 0; gate < GATES; gate++) {
            Slopes.of(
                    gate == CANDIDATE ? weights.cell() : weights.gate(),
                    before == null ? null : gate(before, gate),
                    gate(gates, gate),
                    gate(factors, gate));
        }
        gate(factors, CANDIDATE).muli(gate(gates, INPUT));
        gate(factors, INPUT).muli(gate(gates, CANDIDATE));
        gate(factors, FORGET).muli(StepRows.some(c, 0, x.size(0)));
        gate(factors, OUTPUT).muli(activatedCell);
        // Under a mask c is 0 where a(c) was taken of what it had been, and DL4J's slope is that at 0.
        INDArray cells = StepRows.since(c, examples);
        Slopes.of(weights.cell(), cells, mask == null ? activatedCell : null, toCell);
        toCell.muli(gate(gates, OUTPUT));
        return factors;
    }
}
