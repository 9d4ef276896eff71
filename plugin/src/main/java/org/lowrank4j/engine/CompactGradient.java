package org.lowrank4j.engine;

import java.lang.ref.WeakReference;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.gradient.exchange.ExchangedTensor;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The gradients of what a network trains, as one vector in the place of DL4J's, which has an entry for every parameter.
 * Frozen weights have no place in it. The updater turns the gradients into steps where they are.
 */
final class CompactGradient {

    private final INDArray vector;
    private final List<Fitting> fittings;
    private final List<Stretch> stretches;
    private final List<INDArray> sums;
    private final List<ExchangedTensor> tensors;
    private boolean installed;
    /** The full gradient vector, while somebody holds it. */
    private WeakReference<@Nullable INDArray> lent = new WeakReference<>(null);

    /**
     * A stretch of the network's parameter vector that is trained in place.
     *
     * @param name LAYER for all of a layer, else LAYER/VECTOR
     * @param gradient its gradients in the compact vector
     */
    record Stretch(String name, INDArray parameters, INDArray gradient) {}

    /**
     * @param fittings one for each part of the network, in their order
     * @param stretches what is trained in place
     * @param sums views of the vector that are sums over the minibatch: all but running statistics
     * @param tensors everything in the vector, in its order
     */
    CompactGradient(
            INDArray vector,
            List<Fitting> fittings,
            List<Stretch> stretches,
            List<INDArray> sums,
            List<ExchangedTensor> tensors) {
        this.vector = vector;
        this.fittings = List.copyOf(fittings);
        this.stretches = List.copyOf(stretches);
        this.tensors = List.copyOf(tensors);
        long summed = sums.stream().mapToLong(INDArray::length).sum();
        // One division for the whole vector where no running statistics are in it.
        this.sums = summed == vector.length() ? List.of(vector) : List.copyOf(sums);
    }

    INDArray vector() {
        return vector;
    }

    List<ExchangedTensor> tensors() {
        return tensors;
    }

    List<INDArray> sums() {
        return sums;
    }

    /** Sets the compact views in every layer if others are there. */
    void install(NetworkParts network) {
        if (installed) {
            return;
        }
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            List<Part> parts = network.parts();
            for (int i = 0; i < parts.size(); i++) {
                fittings.get(i).apply(parts.get(i));
            }
            network.flattenedGradients(vector.reshape(1, vector.length()));
        }
        installed = true;
    }

    /** Sets DL4J's own gradient views in every layer, of one vector for all parameters, 1 x n, until the next step. */
    INDArray lend(NetworkParts network) {
        INDArray whole = lent.get();
        if (!installed && whole != null) {
            return whole;
        }
        long length = network.parameters().length();
        if (whole == null) {
            whole = Nd4j.create(vector.dataType(), 1, length);
            lent = new WeakReference<>(whole);
        }
        INDArray flat = whole.reshape(length);
        for (Part part : network.parts()) {
            long count = part.shape().parameterCount();
            if (count > 0) {
                part.gradientViews(flat.get(NDArrayIndex.interval(part.offset(), part.offset() + count)));
            }
        }
        network.flattenedGradients(whole);
        installed = false;
        return whole;
    }

    /** Takes the vector out, so that DL4J makes its own full one. */
    void uninstall(NetworkParts network) {
        network.flattenedGradients(null);
        installed = false;
    }

    /**
     * Makes means of sums.
     *
     * @param examples that they are sums over
     */
    void divide(int examples) {
        for (INDArray sum : sums) {
            // To multiply is several times faster, and as exact for a power of two.
            if (Integer.bitCount(examples) == 1) {
                Blas.scale(1.0 / examples, sum);
            } else {
                sum.divi(examples);
            }
        }
    }

    boolean isFinite() {
        return Double.isFinite(Blas.asum(vector));
    }

    /** Makes sums of means over all examples of a step. */
    void multiply(int examples) {
        sums.forEach(sum -> sum.muli(examples));
    }

    /** Writes what is trained in place into the vector. */
    void values() {
        stretches.forEach(stretch -> stretch.gradient().assign(stretch.parameters()));
    }

    /** Takes the steps of what is trained in place. */
    void step() {
        for (Stretch stretch : stretches) {
            stretch.parameters().subi(stretch.gradient());
        }
    }
}
