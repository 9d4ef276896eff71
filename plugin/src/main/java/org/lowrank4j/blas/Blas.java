package org.lowrank4j.blas;

import static org.bytedeco.openblas.global.openblas_nolapack.CblasColMajor;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasTrans;

import java.lang.ref.Reference;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * BLAS on ND4J's arrays without one of ND4J's operations around each call. The operation takes 10 to 60 microseconds
 * whatever the size, which is several times what the small products of a low-rank step take themselves.
 *
 * <p>Arrays that BLAS cannot take as they lie in memory, other types than float and double and other backends than the
 * CPU's go ND4J's way. Shapes that do not fit are refused before anything is read or written; ND4J itself writes over the
 * end of some.
 */
public final class Blas {

    /** The name of ND4J's backend of the CPU. */
    public static final String CPU = "CpuBackend";

    /** Up to so many rows the copying of the other factor shows in a product's time. */
    private static final int FEW_ROWS = 64;

    /** With fewer than so many terms to a sum there is little to copy. */
    private static final int DEEP = 256;

    /** Columns of a panel, measured; copying the transpose is slower and wants them wider. */
    private static final int PANEL = 512;

    private static final int TRANSPOSED_PANEL = 1024;

    private Blas() {}

    /** Asked once, and not before a product is wanted: Nd4j and OpenBLAS take their time to load. */
    private static final class Here {
        static final boolean DIRECT =
                Nd4j.getBackend().getClass().getSimpleName().equals(CPU) && OpenBlas.present();

        static int threads() {
            return Math.max(1, org.bytedeco.openblas.presets.openblas_nolapack.blas_get_num_threads());
        }
    }

    /**
     * c = alpha a b + beta c, with a or b transposed if so asked.
     *
     * @param c rows of a x columns of b, in one piece and in 'f' order unless BLAS can write it as it lies
     * @throws IllegalArgumentException if the shapes do not fit
     */
    public static void gemm(
            INDArray a, INDArray b, INDArray c, boolean transposeA, boolean transposeB, double alpha, double beta) {
        require(
                a.rank() == 2
                        && b.rank() == 2
                        && c.rank() == 2
                        && a.size(transposeA ? 1 : 0) == c.size(0)
                        && a.size(transposeA ? 0 : 1) == b.size(transposeB ? 1 : 0)
                        && b.size(transposeB ? 0 : 1) == c.size(1),
                "multiply",
                a,
                b,
                c);
        Matrix left = Matrix.of(a, transposeA);
        Matrix right = Matrix.of(b, transposeB);
        Matrix result = Matrix.of(c, false);
        if (left == null
                || right == null
                || result == null
                || a.dataType() != c.dataType()
                || b.dataType() != c.dataType()) {
            Nd4j.gemm(a, b, c, transposeA, transposeB, alpha, beta);
            return;
        }
        if (result.transposed) {
            product(b, right.transpose(), a, left.transpose(), c, result.transpose(), alpha, beta);
        } else {
            product(a, left, b, right, c, result, alpha, beta);
        }
        Reference.reachabilityFence(a);
        Reference.reachabilityFence(b);
        Reference.reachabilityFence(c);
    }

    /**
     * With few rows BLAS copies nearly all of b for each product, panel by panel, and uses each panel once. A panel of
     * limited width is still in the cache when it is used, and BLAS's own buffer stays small.
     */
    private static void product(
            INDArray a, Matrix left, INDArray b, Matrix right, INDArray c, Matrix result, double alpha, double beta) {
        int n = result.columns;
        if (c.dataType() == DataType.FLOAT
                && OneDnn.isFaster(result.rows, n, left.columns, left.transposed, right.transposed)
                && OneDnn.usable()) {
            OneDnn.Library.gemm(
                    left.transposed,
                    right.transposed,
                    result.rows,
                    n,
                    left.columns,
                    (float) alpha,
                    floats(a),
                    left.stride,
                    floats(b),
                    right.stride,
                    (float) beta,
                    floats(c),
                    result.stride);
            return;
        }
        int panels = panels(left, right);
        int width = (n + panels - 1) / panels;
        for (int column = 0; column < n; column += width) {
            product(a, left, b, right, c, result, alpha, beta, column, Math.min(width, n - column));
        }
    }

    private static int panels(Matrix left, Matrix right) {
        if (left.rows > FEW_ROWS || left.columns < DEEP) {
            return 1;
        }
        // Each thread packs its own share.
        long width = (long) (right.transposed ? TRANSPOSED_PANEL : PANEL) * Here.threads();
        return Math.toIntExact(Math.max(1, right.columns / width));
    }

    /** The columns of c from one on. */
    private static void product(
            INDArray a,
            Matrix left,
            INDArray b,
            Matrix right,
            INDArray c,
            Matrix result,
            double alpha,
            double beta,
            int column,
            int columns) {
        long fromB = right.transposed ? column : (long) column * right.stride;
        long fromC = (long) column * result.stride;
        if (c.dataType() == DataType.FLOAT) {
            openblas_nolapack.cblas_sgemm(
                    CblasColMajor,
                    left.mode(),
                    right.mode(),
                    result.rows,
                    columns,
                    left.columns,
                    (float) alpha,
                    floats(a),
                    left.stride,
                    floats(b).position(fromB),
                    right.stride,
                    (float) beta,
                    floats(c).position(fromC),
                    result.stride);
        } else {
            openblas_nolapack.cblas_dgemm(
                    CblasColMajor,
                    left.mode(),
                    right.mode(),
                    result.rows,
                    columns,
                    left.columns,
                    alpha,
                    doubles(a),
                    left.stride,
                    doubles(b).position(fromB),
                    right.stride,
                    beta,
                    doubles(c).position(fromC),
                    result.stride);
        }
    }

    /**
     * y += alpha x; fast for arrays of one order, each in one piece, and for matrices.
     *
     * @throws IllegalArgumentException if they are not of one shape
     */
    public static void axpy(double alpha, INDArray x, INDArray y) {
        require(x.equalShapes(y), "add", x, y);
        if (!areAlike(x, y)) {
            if (areMatrices(x, y)) {
                eachStretch(x, y, (n, from, stepX, to, stepY) -> {
                    if (from instanceof FloatPointer) {
                        openblas_nolapack.cblas_saxpy(
                                n, (float) alpha, (FloatPointer) from, stepX, (FloatPointer) to, stepY);
                    } else {
                        openblas_nolapack.cblas_daxpy(n, alpha, (DoublePointer) from, stepX, (DoublePointer) to, stepY);
                    }
                });
            } else {
                y.addi(x.mul(alpha));
            }
            return;
        }
        int n = Math.toIntExact(y.length());
        if (y.dataType() == DataType.FLOAT) {
            openblas_nolapack.cblas_saxpy(n, (float) alpha, floats(x), 1, floats(y), 1);
        } else {
            openblas_nolapack.cblas_daxpy(n, alpha, doubles(x), 1, doubles(y), 1);
        }
        Reference.reachabilityFence(x);
        Reference.reachabilityFence(y);
    }

    /**
     * y = x; fast for arrays of one order, each in one piece, and for matrices.
     *
     * @throws IllegalArgumentException if they are not of one shape
     */
    public static void copy(INDArray x, INDArray y) {
        require(x.equalShapes(y), "copy", x, y);
        if (!areAlike(x, y)) {
            if (areMatrices(x, y)) {
                eachStretch(x, y, (n, from, stepX, to, stepY) -> {
                    if (from instanceof FloatPointer) {
                        openblas_nolapack.cblas_scopy(n, (FloatPointer) from, stepX, (FloatPointer) to, stepY);
                    } else {
                        openblas_nolapack.cblas_dcopy(n, (DoublePointer) from, stepX, (DoublePointer) to, stepY);
                    }
                });
            } else {
                y.assign(x);
            }
            return;
        }
        int n = Math.toIntExact(y.length());
        if (y.dataType() == DataType.FLOAT) {
            openblas_nolapack.cblas_scopy(n, floats(x), 1, floats(y), 1);
        } else {
            openblas_nolapack.cblas_dcopy(n, doubles(x), 1, doubles(y), 1);
        }
        Reference.reachabilityFence(x);
        Reference.reachabilityFence(y);
    }

    /** What is done to one row or column of x and the same of y. */
    private interface Stretch {
        void take(int n, Pointer from, int stepX, Pointer to, int stepY);
    }

    /** ND4J takes one entry after the other where two orders meet. */
    private static void eachStretch(INDArray x, INDArray y, Stretch stretch) {
        int along = x.size(0) < x.size(1) ? 1 : 0;
        int across = 1 - along;
        int n = Math.toIntExact(x.size(along));
        int stepX = Math.toIntExact(x.stride(along));
        int stepY = Math.toIntExact(y.stride(along));
        Pointer from = y.dataType() == DataType.FLOAT ? floats(x) : doubles(x);
        Pointer to = y.dataType() == DataType.FLOAT ? floats(y) : doubles(y);
        for (long i = 0; i < x.size(across); i++) {
            stretch.take(n, from.position(i * x.stride(across)), stepX, to.position(i * y.stride(across)), stepY);
        }
        Reference.reachabilityFence(x);
        Reference.reachabilityFence(y);
    }

    /** x *= alpha. */
    public static void scale(double alpha, INDArray x) {
        if (!isPlain(x)) {
            x.muli(alpha);
            return;
        }
        int n = Math.toIntExact(x.length());
        if (x.dataType() == DataType.FLOAT) {
            openblas_nolapack.cblas_sscal(n, (float) alpha, floats(x), 1);
        } else {
            openblas_nolapack.cblas_dscal(n, alpha, doubles(x), 1);
        }
        Reference.reachabilityFence(x);
    }

    /** The sum of all absolute values, in the precision of x. */
    public static double asum(INDArray x) {
        if (!isPlain(x)) {
            return x.norm1Number().doubleValue();
        }
        int n = Math.toIntExact(x.length());
        double sum = x.dataType() == DataType.FLOAT
                ? openblas_nolapack.cblas_sasum(n, floats(x), 1)
                : openblas_nolapack.cblas_dasum(n, doubles(x), 1);
        Reference.reachabilityFence(x);
        return sum;
    }

    /**
     * Adds a row to every row of a matrix.
     *
     * @param row as many entries as the matrix has columns
     * @param ones as many ones as the matrix has rows, or more
     * @throws IllegalArgumentException if the lengths do not fit
     */
    public static void addRow(INDArray row, INDArray ones, INDArray to) {
        require(
                to.rank() == 2 && row.length() == to.size(1) && ones.length() >= to.size(0),
                "add a row by ones",
                row,
                ones,
                to);
        Matrix matrix = Matrix.of(to, false);
        if (matrix == null
                || !isPlain(row)
                || !isPlain(ones)
                || row.dataType() != to.dataType()
                || ones.dataType() != to.dataType()) {
            to.addiRowVector(row);
            return;
        }
        INDArray down = matrix.transposed ? row : ones;
        INDArray across = matrix.transposed ? ones : row;
        int m = matrix.transposed ? matrix.columns : matrix.rows;
        int n = matrix.transposed ? matrix.rows : matrix.columns;
        if (to.dataType() == DataType.FLOAT) {
            openblas_nolapack.cblas_sger(
                    CblasColMajor, m, n, 1, floats(down), 1, floats(across), 1, floats(to), matrix.stride);
        } else {
            openblas_nolapack.cblas_dger(
                    CblasColMajor, m, n, 1, doubles(down), 1, doubles(across), 1, doubles(to), matrix.stride);
        }
        Reference.reachabilityFence(row);
        Reference.reachabilityFence(ones);
        Reference.reachabilityFence(to);
    }

    private static void require(boolean fits, String what, INDArray... arrays) {
        if (!fits) {
            throw new IllegalArgumentException("cannot " + what + ": the shapes "
                    + Arrays.stream(arrays)
                            .map(array -> Arrays.toString(array.shape()))
                            .collect(Collectors.joining(", "))
                    + " do not fit");
        }
    }

    /** Whether the entries follow one another, in an array that BLAS here can take. */
    private static boolean isPlain(INDArray array) {
        return isTaken(array)
                && array.length() <= Integer.MAX_VALUE
                && (array.length() == 1 || array.elementWiseStride() == 1 && !array.isEmpty());
    }

    /** Whether entries of one index lie at one distance from the start, in arrays of one shape. */
    private static boolean areAlike(INDArray x, INDArray y) {
        return isPlain(x)
                && isPlain(y)
                && x.dataType() == y.dataType()
                && (x.ordering() == y.ordering() || x.isVectorOrScalar());
    }

    private static boolean areMatrices(INDArray x, INDArray y) {
        return x.rank() == 2
                && isTaken(x)
                && isTaken(y)
                && x.dataType() == y.dataType()
                && hasUsableStrides(x)
                && hasUsableStrides(y);
    }

    /** An array that repeats a row or column has a stride of 0, and BLAS counts in whole numbers of 32 bits. */
    private static boolean hasUsableStrides(INDArray matrix) {
        return isUsable(matrix.stride(0)) && isUsable(matrix.stride(1));
    }

    private static boolean isUsable(long stride) {
        return stride > 0 && stride <= Integer.MAX_VALUE;
    }

    private static boolean isTaken(INDArray array) {
        DataType type = array.dataType();
        return Here.DIRECT
                && (type == DataType.FLOAT || type == DataType.DOUBLE)
                && !array.isEmpty()
                && !array.wasClosed();
    }

    /** Whether an array has floats that follow one another, where Java can reach them through {@link #floats}. */
    public static boolean hasFloats(INDArray array) {
        return isPlain(array) && array.dataType() == DataType.FLOAT;
    }

    /**
     * Some of an array's own floats, to be used while the array is held.
     *
     * @param array one that {@link #hasFloats}
     * @param from the first
     * @param count how many, below 2^29: no Java buffer reaches further than 2 GiB
     */
    public static FloatBuffer floats(INDArray array, long from, int count) {
        return NativeMemory.window(array, from * Float.BYTES, Math.multiplyExact(count, Float.BYTES))
                .asFloatBuffer();
    }

    private static FloatPointer floats(INDArray array) {
        return (FloatPointer) array.data().addressPointer();
    }

    private static DoublePointer doubles(INDArray array) {
        return (DoublePointer) array.data().addressPointer();
    }

    /**
     * How a factor lies in memory.
     *
     * @param rows of the factor, so of the array's transpose if that is what is multiplied
     * @param transposed whether BLAS must transpose what it finds column by column in memory
     * @param stride entries from one column in memory to the next
     */
    private record Matrix(int rows, int columns, boolean transposed, int stride) {

        /** Null for an array that is not a matrix whose rows or columns are each in one piece. */
        static @Nullable Matrix of(INDArray array, boolean transpose) {
            if (array.rank() != 2 || !isTaken(array)) {
                return null;
            }
            long rows = array.size(0);
            long columns = array.size(1);
            boolean byColumn = isOneStep(array.stride(0), rows);
            boolean byRow = isOneStep(array.stride(1), columns);
            long down = byColumn ? rows : columns;
            long across = byColumn ? columns : rows;
            // One column alone may have any stride in ND4J, and must have a sensible one in BLAS.
            long stride = across == 1 ? down : byColumn ? array.stride(1) : array.stride(0);
            if (!byColumn && !byRow || stride < down || stride > Integer.MAX_VALUE || across > Integer.MAX_VALUE) {
                return null;
            }
            return new Matrix(
                    (int) (transpose ? columns : rows), (int) (transpose ? rows : columns), transpose == byColumn, (int)
                            stride);
        }

        private static boolean isOneStep(long stride, long size) {
            return stride == 1 || size == 1;
        }

        Matrix transpose() {
            return new Matrix(columns, rows, !transposed, stride);
        }

        int mode() {
            return transposed ? CblasTrans : CblasNoTrans;
        }
    }
}
