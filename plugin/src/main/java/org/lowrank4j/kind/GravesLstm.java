package org.lowrank4j.kind;

import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.layers.recurrent.GravesLSTM;
import org.jspecify.annotations.Nullable;

/**
 * As {@link Lstm}, for an LSTM with peepholes, which train only if the layer trains in full. They are the last three columns of RW: one
 * number each for each unit.
 */
public final class GravesLstm implements LayerKind {

    private static final int PEEPHOLES = 3;

    @Override
    public boolean is(Trainable layer) {
        return layer.getClass() == GravesLSTM.class;
    }

    @Override
    public List<Matrix> matrices() {
        return List.of(Matrix.asItIs("W"), recurrent("RW"));
    }

    @Override
    public PreActivation preActivation() {
        return PreActivation.GATED;
    }

    @Override
    public InputRows inputRows() {
        return new RecurrentRows(true);
    }

    @Override
    public List<String> types() {
        return List.of("GravesLSTM");
    }

    @Override
    public @Nullable StandIn standIn(Layer layer) {
        return LstmPasses.canRun((BaseLayer<?>) layer) ? training -> new LstmPasses(training, true) : null;
    }

    /** The columns of the gates: the first ones, in one piece of memory. */
    static Matrix recurrent(String parameter) {
        return new Matrix(parameter, array -> Matrix.memory(array, array.size(0), array.size(1) - PEEPHOLES, 'f'));
    }
}
