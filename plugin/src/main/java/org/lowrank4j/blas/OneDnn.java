package org.lowrank4j.blas;

import org.bytedeco.dnnl.dnnl_version_t;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.FloatPointer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.Console;

/** OneDNN, which a program may have on its class path; what it does needs it to be {@link #usable}. */
public final class OneDnn {

    /** What to put where, for a program that is to have it. */
    public static final String COORDINATES =
            "Put org.bytedeco:dnnl:2.5.2-1.5.7 and org.bytedeco:opencl:3.0-1.5.7 on the"
                    + " program's class path, each also with the classifier of this platform (linux-x86_64, for example)";

    private static final String LIBRARY = "org.bytedeco.dnnl.global.dnnl";

    /** With fewer rows of the result, OpenBLAS's kernels are as fast or faster. */
    private static final int MANY_ROWS = 16;

    /** Sums over rows of a transposed factor are taken one by one if they are longer. */
    private static final int SHORT_SUM = 128;

    /** Such columns are few enough to be taken together, however long the sums are. */
    private static final int FEW_COLUMNS = 8;

    /** Less is over before either library has begun. */
    private static final long FEW_PRODUCTS = 4096;

    private static volatile boolean leftAlone;
    private static volatile @Nullable Found found;

    /**
     * What became of it.
     *
     * @param version null if it cannot be had
     * @param reason why not, a clause
     */
    public record Found(@Nullable String version, String reason) {}

    private OneDnn() {}

    /** Whether it is to compute nothing that could be computed without it. */
    public static void leaveAlone(boolean leave) {
        leftAlone = leave;
    }

    /** Whether it is there and not to be left alone; what is there and does not load is warned of once. */
    public static boolean usable() {
        return !leftAlone && found().version() != null;
    }

    /** Looks for it, once. */
    public static Found found() {
        Found now = found;
        return now == null ? look() : now;
    }

    @SuppressWarnings("CatchThrowable")
    private static synchronized Found look() {
        Found now = found;
        if (now != null) {
            return now;
        }
        try {
            Class.forName(LIBRARY, false, OneDnn.class.getClassLoader());
            now = new Found(Library.version(), "");
        } catch (ClassNotFoundException absent) {
            now = new Found(null, "oneDNN is not on the class path");
        } catch (Throwable broken) {
            // Whatever a native library does while it loads.
            now = new Found(null, "oneDNN does not load (" + cause(broken) + ")");
            Console.warn(now.reason() + ": nothing is computed by it. " + COORDINATES + ", or leave it out.");
        }
        found = now;
        return now;
    }

    /** What went wrong at first; what is thrown may say no more than that a class cannot be initialised. */
    private static Throwable cause(Throwable thrown) {
        Throwable cause = thrown;
        for (Throwable next = cause.getCause(); next != null; next = cause.getCause()) {
            cause = next;
        }
        return cause;
    }

    /**
     * Whether it is the faster one for a product of floats, in memory column by column: by shape alone, so that a product
     * has the same bits whenever it is computed. Measured against the Haswell and Zen kernels of OpenBLAS 0.3.19.
     */
    static boolean isFaster(int rows, int columns, int inner, boolean transposeA, boolean transposeB) {
        if ((long) rows * columns * inner < FEW_PRODUCTS || rows != 1 && rows < MANY_ROWS) {
            return false;
        }
        return !transposeA || rows == 1 || inner <= SHORT_SUM || !transposeB && columns <= FEW_COLUMNS;
    }

    /** To touch this class loads the library. */
    static final class Library {

        private Library() {}

        static String version() {
            dnnl_version_t version = dnnl.dnnl_version();
            return version.major() + "." + version.minor() + "." + version.patch();
        }

        /**
         * {@code c = alpha a b + beta c} in memory column by column, as BLAS's sgemm has it. OneDNN counts row by row, so the
         * factors change places.
         */
        static void gemm(
                boolean transposeA,
                boolean transposeB,
                int rows,
                int columns,
                int inner,
                float alpha,
                FloatPointer a,
                int strideA,
                FloatPointer b,
                int strideB,
                float beta,
                FloatPointer c,
                int strideC) {
            dnnl.dnnl_sgemm(
                    mode(transposeB),
                    mode(transposeA),
                    columns,
                    rows,
                    inner,
                    alpha,
                    b,
                    strideB,
                    a,
                    strideA,
                    beta,
                    c,
                    strideC);
        }

        private static byte mode(boolean transposed) {
            return (byte) (transposed ? 'T' : 'N');
        }
    }
}
