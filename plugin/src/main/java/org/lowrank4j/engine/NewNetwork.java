package org.lowrank4j.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.lowrank4j.LowRankException;
import org.lowrank4j.drawing.CriticalLine;
import org.lowrank4j.drawing.NormalMatrix;
import org.lowrank4j.drawing.OrthogonalMatrix;
import org.lowrank4j.kind.LayerKind;
import org.lowrank4j.kind.LayerKinds;
import org.lowrank4j.kind.Matrix;
import org.lowrank4j.kind.PreActivation;
import org.lowrank4j.kind.Wrapped;
import org.lowrank4j.rule.NewWeights;
import org.lowrank4j.rule.Rule;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Draws the weights of a network anew that has just drawn them itself: orthogonal ones (arXiv 1312.6120), or normal ones on
 * the edge of chaos ({@link CriticalLine}). By the network's own seed, so that the same configuration has the same weights.
 *
 * <p>Orthogonal matrices have the singular value sigma_w of the line without biases. Of gates each has an orthogonal matrix of
 * its own, with the value 1, as have output layers and products that are no sums of a layer. Of a convolution it is the matrix
 * of all filters. On the edge of chaos a layer's variance is sigma_w^2 over all inputs of one output.
 */
final class NewNetwork {

    /** Sigma_b^2, where the activation function leaves a choice, as in the experiments of arXiv 1611.01232. */
    private static final double VARIANCE_OF_BIASES = 0.05;

    private final NewWeights which;
    private final Part part;
    private final long seed;
    private final Wrapped inside;
    private final List<Matrix> matrices;
    private final LayerKind kind;

    private NewNetwork(NewWeights which, Part part, long seed, Wrapped inside, LayerKind kind) {
        this.which = which;
        this.part = part;
        this.seed = seed;
        this.inside = inside;
        this.kind = kind;
        matrices = LayerKinds.matrices(part.trainable(), part.parameters().keySet()).stream()
                .filter(matrix -> matrix.parameter().startsWith(inside.prefix()))
                .toList();
    }

    /**
     * Draws all layers, or none.
     *
     * @return whether the rule asks for it
     * @throws LowRankException if the rule's weights cannot be had for one of them
     */
    static boolean draw(NetworkParts network, Rule rule) {
        NewWeights which = rule.weights();
        if (which == NewWeights.STOCK) {
            return false;
        }
        List<Runnable> drawing = new ArrayList<>();
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            for (Part part : network.parts()) {
                if (!part.parameters().isEmpty()) {
                    for (Wrapped inside : Wrapped.in(part.trainable())) {
                        drawing.add(of(which, part, network.configuration().getSeed(), inside)
                                .drawing());
                    }
                }
            }
            drawing.forEach(Runnable::run);
            return true;
        } catch (LowRankException refused) {
            throw new LowRankException(
                    rule.weightsAsWritten() + " cannot be had: " + refused.getMessage()
                            + ". Leave out the key, or make the network under weights=stock.",
                    refused);
        }
    }

    private static NewNetwork of(NewWeights which, Part part, long seed, Wrapped inside) {
        LayerKind kind = LayerKinds.of(inside.layer());
        if (kind == null || kind.preActivation() == PreActivation.OTHER) {
            throw refused(part, "has no matrices of sums over many inputs");
        }
        return new NewNetwork(which, part, seed, inside, kind);
    }

    private static LowRankException refused(Part part, String why) {
        return new LowRankException(
                "layer '" + part.shape().name() + "' (" + part.shape().type() + ") " + why);
    }

    /** What draws the layer, once it is known that all others can be drawn, too. */
    private Runnable drawing() {
        if (which == NewWeights.ORTHOGONAL) {
            double gain = matrices.isEmpty() ? 1 : gain();
            return () -> matrices.forEach(matrix -> drawOrthogonal(matrix, gain));
        }
        if (matrices.isEmpty()) {
            return () -> {};
        }
        if (kind.preActivation() != PreActivation.ACTIVATED) {
            throw refused(
                    part,
                    kind.preActivation() == PreActivation.GATED
                            ? "has gates, which no edge of chaos is known for; weights=orthogonal goes with it"
                            : "multiplies its matrices' products, which no edge of chaos is known for;"
                                    + " weights=orthogonal goes with it");
        }
        CriticalLine line = line();
        long fanIn = matrices.stream()
                .mapToLong(matrix -> part.matrix(matrix.parameter()).size(0))
                .sum();
        return () -> {
            for (Matrix matrix : matrices) {
                NormalMatrix.fill(
                        part.matrix(matrix.parameter()), line.weights() / Math.sqrt(fanIn), random(matrix.parameter()));
            }
            String bias = inside.prefix() + "b";
            INDArray biases = part.parameters().get(bias);
            if (biases != null && line.biases() > 0) {
                NormalMatrix.fill(biases, line.biases(), random(bias));
            }
        };
    }

    private Random random(String parameter) {
        return new Random(AdapterSeed.of(seed, "", "weights of " + part.shape().name() + "/" + parameter));
    }

    /** The function of the layer; the identity for an output layer, whose function is part of the loss. */
    private IActivation activation() {
        Trainable layer = inside.layer();
        boolean summed = kind.preActivation() == PreActivation.ACTIVATED && !LayerKinds.isOutput(layer);
        return summed && layer instanceof BaseLayer<?> base
                ? base.layerConf().getActivationFn()
                : new ActivationIdentity();
    }

    private CriticalLine line() {
        IActivation activation = activation();
        return CriticalLine.of(activation, Math.sqrt(VARIANCE_OF_BIASES))
                .orElseThrow(() -> refused(
                        part,
                        "has the activation function " + activation
                                + ", for which no edge of chaos was found; weights=orthogonal goes with it"));
    }

    private double gain() {
        IActivation activation = activation();
        return CriticalLine.of(activation, 0)
                .map(CriticalLine::weights)
                .orElseGet(() -> CriticalLine.gainAtUnitVariance(activation));
    }

    private void drawOrthogonal(Matrix matrix, double gain) {
        INDArray whole = part.matrix(matrix.parameter());
        Random random = random(matrix.parameter());
        long units = kind.preActivation() == PreActivation.GATED ? units() : whole.size(1);
        for (long from = 0; from < whole.size(1); from += units) {
            OrthogonalMatrix.fill(
                    whole.get(NDArrayIndex.all(), NDArrayIndex.interval(from, from + units)), gain, random);
        }
    }

    /** How many each gate has: the previous outputs are the inputs of the recurrent matrix. */
    private long units() {
        return part.matrix(matrices.get(matrices.size() - 1).parameter()).size(0);
    }
}
