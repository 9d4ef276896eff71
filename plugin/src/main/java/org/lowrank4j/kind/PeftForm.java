package org.lowrank4j.kind;

import java.util.Arrays;
import java.util.List;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * How the PEFT library's files hold the factors A (nIn x r) and B (r x nOut) of a matrix.
 *
 * <ul>
 *   <li>most layers: lora_A.weight [r, nIn] and lora_B.weight [nOut, r]
 *   <li>embeddings: lora_embedding_A [r, nIn] and lora_embedding_B [nOut, r]
 *   <li>convolutions: lora_A.weight, r filters [r, channels, kernel ..], and lora_B.weight, filters of one place
 *       [nOut, r, 1 ..]
 * </ul>
 *
 * <p>A row of the matrix of a convolution is (channel, place in the kernel); of one with a single dimension it is (step,
 * channel), as DL4J keeps its memory.
 *
 * @param embedding whether they are the factors of an embedding
 * @param kernel of a convolution: its sides, one to three; empty for other layers
 */
public record PeftForm(boolean embedding, List<Long> kernel) {

    /** Two matrices. */
    public static final PeftForm PLAIN = new PeftForm(false, List.of());

    /** Two matrices under the names that embeddings have. */
    public static final PeftForm EMBEDDING = new PeftForm(true, List.of());

    public PeftForm {
        kernel = List.copyOf(kernel);
    }

    /** That of a convolution. */
    public static PeftForm convolution(long... kernel) {
        return new PeftForm(false, Arrays.stream(kernel).boxed().toList());
    }

    /**
     * That of a pair of tensors.
     *
     * @throws LowRankException if PEFT writes no such pair
     */
    public static PeftForm of(boolean embedding, INDArray a, INDArray b) {
        int rank = a.rank();
        boolean onePlace = b.rank() == rank && Arrays.stream(b.shape()).skip(2).allMatch(side -> side == 1);
        if (rank < 2 || rank > 5 || !onePlace || embedding && rank > 2) {
            throw new LowRankException("are " + Arrays.toString(a.shape()) + " and " + Arrays.toString(b.shape())
                    + ", and known are r x nIn and nOut x r, and of a convolution [r, channels, kernel ..] and"
                    + " [nOut, r, 1 ..]");
        }
        return embedding
                ? EMBEDDING
                : convolution(Arrays.stream(a.shape()).skip(2).toArray());
    }

    /** A as PEFT has it. */
    public INDArray written(INDArray a) {
        if (kernel.isEmpty()) {
            return a.transpose();
        }
        long rank = a.size(1);
        long channels = a.size(0) / places();
        return stepsFirst()
                ? a.dup('c').reshape('c', kernel.get(0), channels, rank).permute(2, 1, 0)
                : a.transpose().dup('c').reshape('c', shape(rank, channels, kernel));
    }

    /** The inverse of {@link #written}. */
    public INDArray read(INDArray tensor) {
        if (kernel.isEmpty()) {
            return tensor.transpose();
        }
        long rank = tensor.size(0);
        return stepsFirst()
                ? tensor.permute(2, 1, 0).dup('c').reshape('c', tensor.length() / rank, rank)
                : tensor.dup('c').reshape('c', rank, tensor.length() / rank).transpose();
    }

    /** B as PEFT has it. */
    public INDArray writtenB(INDArray b) {
        return b.transpose().dup('c').reshape('c', shape(b.size(1), b.size(0), onePlace()));
    }

    /** The inverse of {@link #writtenB}. */
    public INDArray readB(INDArray tensor) {
        return tensor.dup('c').reshape('c', tensor.size(0), tensor.size(1)).transpose();
    }

    /** The magnitudes of DoRA, one for each output, as PEFT has them. */
    public INDArray writtenMagnitude(INDArray magnitude) {
        return kernel.isEmpty()
                ? magnitude.reshape(magnitude.length())
                : magnitude.dup('c').reshape('c', shape(1, magnitude.length(), onePlace()));
    }

    private boolean stepsFirst() {
        return kernel.size() == 1;
    }

    private List<Long> onePlace() {
        return kernel.stream().map(side -> 1L).toList();
    }

    private long places() {
        return kernel.stream().mapToLong(Long::longValue).reduce(1, (one, other) -> one * other);
    }

    private static long[] shape(long first, long second, List<Long> others) {
        long[] shape = new long[2 + others.size()];
        shape[0] = first;
        shape[1] = second;
        for (int i = 0; i < others.size(); i++) {
            shape[2 + i] = others.get(i);
        }
        return shape;
    }
}
