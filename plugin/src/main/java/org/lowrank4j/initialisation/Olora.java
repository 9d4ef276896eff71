package org.lowrank4j.initialisation;

import org.lowrank4j.decomposition.ThinQr;
import org.lowrank4j.method.Factors;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * OLoRA (arXiv 2406.01775, section 3, as in the reference LoRA libraries): with the thin QR decomposition W^T = Q R
 * (nOut x nIn), B = Q[:, :r]^T has orthonormal rows and A = R[:r, :]^T is lower trapezoidal. A B is W projected on the
 * rows of B. The network starts unchanged, with the implicit base W - s A B.
 *
 * <p>The first r columns of Q span the first r columns of W^T, so the directions depend on the order of the inputs, not
 * on their importance. The factors are not divided by s: the base depends on it.
 *
 * <p>Only the first r columns of W^T are decomposed; the rest of R follows as Q^T W^T.
 */
public final class Olora implements Initialisation {

    @Override
    public String name() {
        return "olora";
    }

    @Override
    public Factors start(Start start) {
        INDArray weight = start.weight().castTo(DataType.DOUBLE);
        INDArray leading = weight.get(NDArrayIndex.interval(0, start.rank()), NDArrayIndex.all());
        INDArray q = ThinQr.of(leading.transpose()).q();
        return new Factors(weight.mmul(q), q.transpose());
    }
}
