package org.lowrank4j.decomposition;

import java.util.Random;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The decompositions through ND4J's wrapper of LAPACK, which a backend without OpenBLAS gets. */
public final class PortableDecompositions {

    private static final Lapack PORTABLE = new Nd4jLapack();

    private PortableDecompositions() {}

    public static Object svd(INDArray matrix) {
        return ThinSvd.of(matrix, PORTABLE);
    }

    public static Object randomisedSvd(INDArray matrix, int q, int powerIterations, Random random) {
        return RandomisedSvd.of(matrix, q, powerIterations, random, PORTABLE);
    }

    public static Object qr(INDArray matrix) {
        return ThinQr.of(matrix, PORTABLE);
    }

    public static Object lu(INDArray matrix) {
        return PivotedLu.of(matrix, PORTABLE);
    }

    public static Object eigen(INDArray matrix) {
        return SymmetricEigen.of(matrix, PORTABLE);
    }

    public static Object sylvester(INDArray a, INDArray b, INDArray c) {
        return Sylvester.solve(a, b, c, PORTABLE);
    }
}
