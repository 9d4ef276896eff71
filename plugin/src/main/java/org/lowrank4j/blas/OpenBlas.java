package org.lowrank4j.blas;

import static org.bytedeco.openblas.global.openblas_nolapack.CblasColMajor;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasLeft;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasNonUnit;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasUpper;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_dgemm;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_dtrmm;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_dtrsm;

import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.jspecify.annotations.Nullable;

/**
 * The OpenBLAS in this process, as ND4J's CPU backend brings it along. Using this class loads it, so ask {@link #present}
 * first where there may be none.
 */
public final class OpenBlas {

    /** Large enough that OpenBLAS does not take its way for small products. */
    private static final int SIDE = 112;

    private static final int TRIANGLE = 24;
    private static final double TOLERANCE = 1e-9;

    private OpenBlas() {}

    /** Whether its classes and native libraries are there. */
    public static boolean present() {
        try {
            Class.forName("org.bytedeco.openblas.global.openblas_nolapack", true, OpenBlas.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException | LinkageError absent) {
            // Another backend, such as CUDA alone: nothing is wrong.
            return false;
        }
    }

    /** The version that the classes were made for, such as 0.3.19. */
    public static String version() {
        try {
            // Read at run time: the compiler would copy the constant.
            Object constant =
                    openblas_nolapack.class.getField("OPENBLAS_VERSION").get(null);
            return String.valueOf(constant).replace("OpenBLAS", "").strip();
        } catch (ReflectiveOperationException undeclared) {
            return "unknown";
        }
    }

    /**
     * The kernels in use. A library that carries several sets has one table per set and a pointer to the chosen one, all
     * of them exported.
     *
     * @return null if the library has no such tables: one for a single processor type, or not OpenBLAS
     */
    public static @Nullable Kernel kernel() {
        Loader.load(openblas_nolapack.class);
        Pointer variable = Loader.addressof("gotoblas");
        Pointer chosen = variable == null ? null : new PointerPointer<Pointer>(variable).get(0);
        if (chosen == null) {
            return null;
        }
        for (Kernel kernel : Kernel.values()) {
            Pointer table = Loader.addressof("gotoblas_" + kernel.name());
            if (table != null && table.address() == chosen.address()) {
                return kernel;
            }
        }
        return null;
    }

    /**
     * Whether products and solutions in double precision come out right: a general product, a triangular one, and a
     * triangular solve, of small integers whose results are known without computing them.
     */
    public static boolean doublesAreRight() {
        return generalProductIsRight() && triangularProductsAreRight();
    }

    /** (i + 1)(p + 1) times (p + 1)(j + 1), which is (i + 1)(j + 1) times the sum of the squares. */
    private static boolean generalProductIsRight() {
        double[] left = new double[SIDE * SIDE];
        double squares = 0;
        for (int p = 0; p < SIDE; p++) {
            squares += (p + 1.0) * (p + 1);
            for (int i = 0; i < SIDE; i++) {
                left[i + p * SIDE] = (i + 1.0) * (p + 1);
            }
        }
        double[] product = new double[SIDE * SIDE];
        cblas_dgemm(
                CblasColMajor,
                CblasNoTrans,
                CblasNoTrans,
                SIDE,
                SIDE,
                SIDE,
                1,
                left,
                SIDE,
                left,
                SIDE,
                0,
                product,
                SIDE);
        double worst = 0;
        for (int i = 0; i < left.length; i++) {
            worst = worse(worst, product[i], left[i] * squares);
        }
        return worst < TOLERANCE;
    }

    /** The upper triangle of (i + 1)(p + 1) times columns of j + 1, and back by solving. */
    private static boolean triangularProductsAreRight() {
        int n = TRIANGLE;
        double[] triangle = new double[n * n];
        double[] columns = new double[n * n];
        for (int j = 0; j < n; j++) {
            for (int i = 0; i < n; i++) {
                triangle[i + j * n] = (i + 1.0) * (j + 1);
                columns[i + j * n] = j + 1;
            }
        }
        cblas_dtrmm(CblasColMajor, CblasLeft, CblasUpper, CblasNoTrans, CblasNonUnit, n, n, 1, triangle, n, columns, n);
        double worst = 0;
        double sum = 0;
        for (int i = n - 1; i >= 0; i--) {
            sum += i + 1;
            for (int j = 0; j < n; j++) {
                worst = worse(worst, columns[i + j * n], (i + 1.0) * (j + 1) * sum);
            }
        }
        cblas_dtrsm(CblasColMajor, CblasLeft, CblasUpper, CblasNoTrans, CblasNonUnit, n, n, 1, triangle, n, columns, n);
        for (int j = 0; j < n; j++) {
            for (int i = 0; i < n; i++) {
                worst = worse(worst, columns[i + j * n], j + 1);
            }
        }
        return worst < TOLERANCE;
    }

    /** The larger relative error; infinite if there is no number. */
    private static double worse(double worst, double value, double expected) {
        double error = Math.abs(value - expected) / Math.abs(expected);
        return error <= worst ? worst : Double.isNaN(error) ? Double.POSITIVE_INFINITY : error;
    }
}
