package org.lowrank4j.initialisation;

import java.util.Optional;
import org.lowrank4j.decomposition.PivotedLu;
import org.lowrank4j.method.Factors;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * LoLDU's own start (arXiv 2410.13618, section 3, and the released code): the first r pivots of W's LDU decomposition, with
 * A and B from its triangles. With W^T = P L D U (nOut x nIn, partial pivoting
 * on the outputs),
 *
 * <pre>A = U[:r]^T,   B = (P L[:, :r])^T,   z = diag(D)[:r]</pre>
 *
 * <p>The core is z, 1 x r. The network starts unchanged: the implicit base is W - s A diag(z) B.
 *
 * <p>The first r pivots are not the r most important directions of W. A pivot that is 0 up to rounding (W of rank below r,
 * or an input whose weights are all 0) has no row of U: its z and its column of A are 0, and no step moves them.
 */
public final class LolduStart implements Initialisation {

    @Override
    public String name() {
        return "loldu";
    }

    @Override
    public Optional<String> onlyUpdate() {
        return Optional.of("loldu");
    }

    @Override
    public Factors start(Start start) {
        int rank = start.rank();
        INDArray a = Nd4j.create(DataType.DOUBLE, new long[] {start.inputs(), rank}, 'f');
        INDArray b = Nd4j.create(DataType.DOUBLE, new long[] {rank, start.outputs()}, 'c');
        INDArray z = Nd4j.create(DataType.DOUBLE, new long[] {1, rank}, 'c');
        // Of the transpose: pivoting the inputs instead of the outputs would give other directions.
        PivotedLu lu = PivotedLu.of(start.weight().transpose());
        double smallest = smallestPivot(start.weight(), lu.upper());
        for (int i = 0; i < rank; i++) {
            double pivot = lu.upper().getDouble(i, i);
            if (Math.abs(pivot) > smallest) {
                z.putScalar(0, i, pivot);
                a.getColumn(i).assign(lu.upper().getRow(i).div(pivot));
            }
        }
        INDArray leading = lu.lower().get(NDArrayIndex.all(), NDArrayIndex.interval(0, rank));
        for (int i = 0; i < lu.rows().length; i++) {
            b.getColumn(lu.rows()[i]).assign(leading.getRow(i));
        }
        return new Factors(a, b).withCore(z);
    }

    /** Up to this magnitude a pivot is 0 up to the rounding of the weight's own type. */
    private static double smallestPivot(INDArray weight, INDArray upper) {
        double largest = 0;
        for (int i = 0; i < upper.size(0); i++) {
            largest = Math.max(largest, Math.abs(upper.getDouble(i, i)));
        }
        double rounding = weight.dataType() == DataType.DOUBLE ? Math.ulp(1.0) : Math.ulp(1f);
        return rounding * Math.max(weight.size(0), weight.size(1)) * largest;
    }
}
