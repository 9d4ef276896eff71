package org.lowrank4j.kind;

import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.layers.recurrent.LSTM;
import org.jspecify.annotations.Nullable;

/** Of an LSTM the weights of the inputs (W) and of the previous outputs (RW), each with a column for each gate of each unit. */
public final class Lstm implements LayerKind {

    @Override
    public boolean is(Trainable layer) {
        return layer.getClass() == LSTM.class;
    }

    @Override
    public List<Matrix> matrices() {
        return List.of(Matrix.asItIs("W"), Matrix.asItIs("RW"));
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
        return List.of("LSTM");
    }

    @Override
    public @Nullable StandIn standIn(Layer layer) {
        return LstmPasses.canRun((BaseLayer<?>) layer) ? training -> new LstmPasses(training, false) : null;
    }
}
