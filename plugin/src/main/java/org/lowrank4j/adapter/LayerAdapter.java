package org.lowrank4j.adapter;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.file.NotFinite;
import org.lowrank4j.kind.PeftForm;
import org.lowrank4j.network.NetworkShape.MatrixShape;
import org.lowrank4j.rule.Scaling;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.BooleanIndexing;
import org.nd4j.linalg.indexing.conditions.Conditions;

/**
 * The adapter of one matrix W0 (nIn x nOut) in a layer's parameters: with V = W0 + s A B, the effective weight is V, or with magnitudes M (DoRA, arXiv
 * 2402.09353, equation 5) V with its columns rescaled to the norms M.
 *
 * <p>The arrays are copies; they are handed out as they are, to be read only.
 *
 * @param a A, nIn x r, FLOAT or DOUBLE
 * @param b B, r x nOut, of the same type
 * @param alpha the numerator of the scale
 * @param scaling how s follows from alpha and r
 * @param magnitude M, one entry per output (nOut), of the same type; null without DoRA
 * @param parameter DL4J's name of the parameter that W0 lies in
 * @param form how files hold the factors
 */
public record LayerAdapter(
        INDArray a,
        INDArray b,
        double alpha,
        Scaling scaling,
        @Nullable INDArray magnitude,
        String parameter,
        PeftForm form) {

    /** That of the W of a layer, whose factors are matrices in files, too. */
    public LayerAdapter(INDArray a, INDArray b, double alpha, Scaling scaling, @Nullable INDArray magnitude) {
        this(a, b, alpha, scaling, magnitude, MatrixShape.WEIGHT, PeftForm.PLAIN);
    }

    /**
     * Copies the arrays. Sixteen-bit factors become FLOAT.
     *
     * @throws LowRankException if the shapes do not fit one another, or a number is not finite
     */
    public LayerAdapter {
        if (a.rank() != 2 || b.rank() != 2 || a.isEmpty() || b.isEmpty() || a.size(1) != b.size(0)) {
            throw new LowRankException("An adapter needs A (nIn x r) and B (r x nOut), and these are "
                    + Arrays.toString(a.shape()) + " and " + Arrays.toString(b.shape()) + ".");
        }
        DataType type =
                a.dataType() == DataType.DOUBLE || b.dataType() == DataType.DOUBLE ? DataType.DOUBLE : DataType.FLOAT;
        a = copy("A", a, type);
        b = copy("B", b, type);
        if (!Double.isFinite(alpha)) {
            throw new LowRankException("The alpha of an adapter must be a finite number, and it is " + alpha + ".");
        }
        if (magnitude != null) {
            if (magnitude.length() != b.size(1)) {
                throw new LowRankException("DoRA needs one magnitude per output, " + b.size(1) + ", and there are "
                        + magnitude.length() + ".");
            }
            magnitude = copy("the magnitudes", magnitude.reshape(magnitude.length()), type);
        }
    }

    /** The same for another matrix of the same sides. */
    LayerAdapter in(String otherParameter, PeftForm otherForm) {
        return new LayerAdapter(a, b, alpha, scaling, magnitude, otherParameter, otherForm);
    }

    /** An adapter without magnitudes whose scale is 1, as decompositions give it. */
    static LayerAdapter unscaled(INDArray a, INDArray b) {
        return new LayerAdapter(a, b, a.size(1), Scaling.STANDARD, null);
    }

    /** An adapter with the scale s itself, as a standard alpha that gives exactly s back wherever there is one. */
    static LayerAdapter scaled(INDArray a, INDArray b, double scale, @Nullable INDArray magnitude) {
        return new LayerAdapter(a, b, standardAlpha(scale, (int) a.size(1)), Scaling.STANDARD, magnitude);
    }

    private static double standardAlpha(double scale, int rank) {
        double alpha = scale * rank;
        for (double near : new double[] {alpha, Math.nextUp(alpha), Math.nextDown(alpha)}) {
            if (Scaling.STANDARD.scale(near, rank) == scale) {
                return near;
            }
        }
        return alpha;
    }

    private static INDArray copy(String what, INDArray array, DataType type) {
        if (!array.dataType().isFPType()) {
            throw new LowRankException(
                    "An adapter holds floating-point numbers, and " + what + " has the type " + array.dataType() + ".");
        }
        INDArray copy = array.castTo(type).dup('c');
        if (NotFinite.count(copy) > 0) {
            throw new LowRankException("An adapter must be finite, and " + what + " of shape "
                    + Arrays.toString(array.shape()) + " has NaN or infinite entries. Its training diverged, or its"
                    + " file is damaged.");
        }
        return copy;
    }

    /** Whether another is for a matrix of the same sides, of a convolution with the same kernel if it is of one. */
    boolean isLike(LayerAdapter other) {
        return inputs() == other.inputs()
                && outputs() == other.outputs()
                && form.kernel().equals(other.form.kernel());
    }

    /** nIn. */
    public long inputs() {
        return a.size(0);
    }

    /** nOut. */
    public long outputs() {
        return b.size(1);
    }

    /** r. */
    public int rank() {
        return (int) a.size(1);
    }

    /** s. */
    public double scale() {
        return scaling.scale(alpha, rank());
    }

    /** FLOAT or DOUBLE. */
    public DataType dataType() {
        return a.dataType();
    }

    /** The alpha that gives the same scale as alpha / r. */
    double alphaOverRank() {
        return scaling == Scaling.STANDARD ? alpha : standardAlpha(scale(), rank());
    }

    /** s A B, nIn x nOut, in double. */
    public INDArray product() {
        INDArray product = Nd4j.createUninitialized(DataType.DOUBLE, new long[] {inputs(), outputs()}, 'f');
        return Nd4j.gemm(a.castTo(DataType.DOUBLE), b.castTo(DataType.DOUBLE), product, false, false, scale(), 0);
    }

    /** The singular values of s A B, largest first: at most r of them are more than rounding. */
    public double[] singularValues() {
        return LowRankSplit.ofProduct(a.mul(scale()), b).values();
    }

    /**
     * The effective weight on a base, computed in double and rounded once, so that the same base and adapter always give
     * the same bits.
     *
     * @param base W0, nIn x nOut, FLOAT or DOUBLE; not changed
     * @return a new array of the base's type, in 'f' order
     * @throws LowRankException if the shapes differ
     */
    public INDArray effective(INDArray base) {
        if (base.rank() != 2 || base.size(0) != inputs() || base.size(1) != outputs()) {
            throw new LowRankException("The adapter is for a weight of " + inputs() + " x " + outputs()
                    + " (nIn x nOut), and this one is " + Arrays.toString(base.shape()) + ".");
        }
        INDArray weight = product().addi(base.castTo(DataType.DOUBLE));
        INDArray wanted = magnitude;
        if (wanted != null) {
            INDArray row = wanted.castTo(DataType.DOUBLE).reshape(1, outputs());
            weight.muliRowVector(row.div(norms(weight)));
        }
        return weight.castTo(base.dataType()).dup('f');
    }

    /** The norms of the columns, 1 x nOut, with 1 in the place of 0: a column of zeros stays one. */
    static INDArray norms(INDArray weight) {
        INDArray norms = weight.norm2(true, 0);
        BooleanIndexing.replaceWhere(norms, 1, Conditions.equals(0));
        return norms;
    }
}
