package org.lowrank4j.gradient.exchange;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.lowrank4j.engine.Meetings;
import org.lowrank4j.method.Kept;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Replicas that meet with one matrix each, and a vector if there is one. */
public final class CompressedReplicas {

    private final List<Map<String, INDArray>> states = new ArrayList<>();
    private final ExchangedTensor matrix;
    private final CompressedSteps steps;

    /** @param maker makes the compressor of the matrix */
    public CompressedReplicas(
            DataType type, int replicas, long rows, long columns, long vector, Function<Kept, Compressor> maker) {
        matrix = new ExchangedTensor("W", 0, 'f', rows, columns, 1, false);
        List<ExchangedTensor> tensors = new ArrayList<>(List.of(matrix));
        if (vector > 0) {
            tensors.add(new ExchangedTensor("b", rows * columns, 'c', 1, vector, 1, false));
        }
        steps = new CompressedSteps(new ExchangedGradient(type, tensors, replicas, 1), "", (place, kept) -> {
            Kept own = new Kept("test", type);
            states.add(own.state());
            return maker.apply(own);
        });
    }

    /**
     * One step.
     *
     * @param matrices one for each replica
     * @param vectors the same, if there is one
     * @return what all go on with: the matrix, entry by entry in column-major order, and the vector behind it
     */
    public INDArray step(List<INDArray> matrices, List<INDArray> vectors) {
        List<INDArray> joint = IntStream.range(0, matrices.size())
                .mapToObj(i -> joint(matrices.get(i), vectors.isEmpty() ? null : vectors.get(i)))
                .toList();
        Meetings.meet(steps, joint);
        joint.forEach(one -> {
            if (!one.equalsWithEps(joint.get(0), 0)) {
                throw new AssertionError("replicas go on with different gradients");
            }
        });
        return joint.get(0);
    }

    private static INDArray joint(INDArray matrix, INDArray vector) {
        INDArray flat = matrix.dup('f').reshape('f', new long[] {matrix.length()});
        return vector == null ? flat : Nd4j.concat(0, flat, vector.reshape(vector.length()));
    }

    /** The matrix in what a step gave. */
    public INDArray matrix(INDArray joint) {
        return matrix.of(joint);
    }

    /** An array that every replica keeps. */
    public List<INDArray> kept(String name) {
        return states.stream().map(state -> state.get(name)).toList();
    }

    /** What a replica sends in a compressed step. */
    public long bytes() {
        return steps.bytes();
    }
}
