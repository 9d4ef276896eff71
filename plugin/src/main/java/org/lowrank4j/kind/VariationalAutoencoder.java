package org.lowrank4j.kind;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Trainable;

/**
 * The encoder of a variational autoencoder in a network that is trained by labels: its dense layers (e0W, e1W, ..) and the
 * mean above them (pZXMeanW). Deviations and decoder, which only pretraining of the layer uses, stay.
 */
public final class VariationalAutoencoder implements LayerKind {

    private static final int DEEPEST = 32;

    @Override
    public boolean is(Trainable layer) {
        return layer.getClass() == org.deeplearning4j.nn.layers.variational.VariationalAutoencoder.class;
    }

    @Override
    public List<Matrix> matrices() {
        return Stream.concat(IntStream.range(0, DEEPEST).mapToObj(i -> "e" + i + "W"), Stream.of("pZXMeanW"))
                .map(Matrix::asItIs)
                .toList();
    }

    @Override
    public PreActivation preActivation() {
        return PreActivation.OTHER;
    }

    /** DL4J clears the gradients of what it does not train once only. */
    @Override
    public boolean trainsAsAWhole() {
        return true;
    }
}
