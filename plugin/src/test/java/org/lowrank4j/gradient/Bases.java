package org.lowrank4j.gradient;

import java.util.Iterator;
import java.util.List;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Projectors with given matrices, and what spans them from given draws. */
public final class Bases {

    private Bases() {}

    /** Flora with these projectors one after another, of entries N(0, 1 / r). */
    public static Flora flora(List<INDArray> matrices) {
        Iterator<INDArray> next = matrices.iterator();
        return new Flora((projector, target, number) -> projector.matrix().assign(next.next()));
    }

    /** The basis of a normal matrix. */
    public static INDArray orthonormal(INDArray normal) {
        return Projector.orthonormal(normal);
    }

    /** GaLore's projector of a target, with this matrix. */
    private static Projector projector(TargetWeight target, INDArray matrix) {
        Projector projector = new Projector(target, Projector.Side.SHORTER, target.kept());
        projector.matrix().assign(matrix);
        return projector;
    }

    /** The projection of a sum. */
    public static INDArray compressed(TargetWeight target, INDArray matrix, INDArray gradient) {
        return projector(target, matrix).project(gradient);
    }

    /** What a projection stands for. */
    public static INDArray decompressed(TargetWeight target, INDArray matrix, INDArray compressed) {
        INDArray sum = target.weight().like();
        projector(target, matrix).addBack(compressed, 1, sum);
        return sum;
    }
}
