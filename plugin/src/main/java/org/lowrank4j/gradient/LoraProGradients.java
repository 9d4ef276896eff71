package org.lowrank4j.gradient;

import org.lowrank4j.decomposition.Sylvester;
import org.lowrank4j.decomposition.SymmetricEigen;
import org.lowrank4j.method.Factors;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The equations of {@link LoraPro} at one value of A and B, in double. */
final class LoraProGradients {

    private final INDArray a;
    private final INDArray b;
    private final double perSquaredScale;
    private final SymmetricEigen gramOfA;
    private final SymmetricEigen gramOfB;
    private final INDArray inverseOfA;
    private final INDArray inverseOfB;

    LoraProGradients(Factors factors, double scale, double damping) {
        a = factors.a().castTo(DataType.DOUBLE);
        b = factors.b().castTo(DataType.DOUBLE);
        perSquaredScale = 1 / (scale * scale);
        gramOfA = Gram.ofColumns(a);
        gramOfB = Gram.ofRows(b);
        inverseOfA = Gram.inverse(gramOfA, damping);
        inverseOfB = Gram.inverse(gramOfB, damping);
    }

    /** dA' and dB' with X = 0, which move W like those with any other X. */
    Factors unbalanced(INDArray gradientOfA, INDArray gradientOfB) {
        INDArray da = gradientOfA.castTo(DataType.DOUBLE).mmul(inverseOfB).muli(perSquaredScale);
        INDArray db = gradientOfB.castTo(DataType.DOUBLE);
        INDArray within = db.mmul(b.transpose()).mmul(inverseOfB).mmul(b);
        return new Factors(da, inverseOfA.mmul(db.sub(within)).muli(perSquaredScale));
    }

    /** dA' and dB'. */
    Factors balanced(INDArray gradientOfA, INDArray gradientOfB) {
        Factors unbalanced = unbalanced(gradientOfA, gradientOfB);
        INDArray right = a.transpose().mmul(unbalanced.a()).negi();
        INDArray x = Sylvester.leastNorm(gramOfA, gramOfB, right);
        return new Factors(unbalanced.a().addi(a.mmul(x)), unbalanced.b().subi(x.mmul(b)));
    }
}
