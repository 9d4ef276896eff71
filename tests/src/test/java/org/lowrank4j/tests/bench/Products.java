package org.lowrank4j.tests.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.lowrank4j.blas.Blas;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOpsHolder;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * The products of one adapted layer, in the shapes and orders in which a step makes them, and the least that moving W can
 * cost: reading and writing it once. Several layers take turns, because one W would stay in the cache.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class Products {

    private static final int LAYERS = 4;

    @Param("1024")
    public int width;

    @Param("32")
    public int batch;

    @Param("8")
    public int rank;

    private final List<Layer> layers = new ArrayList<>();
    private int next;

    /** One thread, and arrays as an adapted layer has them. */
    @Setup
    public void initialise() {
        for (int i = 0; i < LAYERS; i++) {
            layers.add(new Layer(width, batch, rank));
        }
        NativeOpsHolder.getInstance().getDeviceNativeOps().setOmpNumThreads(1);
        Nd4j.factory().blas().setMaxThreads(1);
    }

    private record Layer(
            INDArray weight,
            INDArray x,
            INDArray delta,
            INDArray a,
            INDArray b,
            INDArray xTimesA,
            INDArray deltaTimesB,
            INDArray gradientOfA,
            INDArray gradientOfB,
            INDArray left,
            INDArray right,
            INDArray xTimesLeft,
            INDArray deltaTimesRight,
            INDArray output) {

        Layer(int n, int batch, int rank) {
            this(
                    random(n, n).dup('f'),
                    random(batch, n),
                    random(batch, n),
                    random(n, rank).dup('f'),
                    random(rank, n),
                    empty(batch, rank),
                    empty(batch, rank),
                    empty(n, rank),
                    Nd4j.create(rank, n),
                    random(n, 2 * rank).dup('f'),
                    random(2 * rank, n),
                    empty(batch, 2 * rank),
                    empty(batch, 2 * rank),
                    empty(batch, n));
        }

        private static INDArray random(int rows, int columns) {
            return Nd4j.randn(rows, columns).divi(columns);
        }

        private static INDArray empty(int rows, int columns) {
            return Nd4j.create(new long[] {rows, columns}, 'f');
        }
    }

    private Layer layer() {
        next = (next + 1) % LAYERS;
        return layers.get(next);
    }

    /** z = x W, of which a step has two for each layer: the other gives epsilon. */
    @Benchmark
    public Object forward() {
        Layer one = layer();
        Blas.gemm(one.x, one.weight, one.output, false, false, 1, 0);
        return one.output;
    }

    /** x A, and with it the gradient of B. */
    @Benchmark
    public Object gradientOfB() {
        Layer one = layer();
        Blas.gemm(one.x, one.a, one.xTimesA, false, false, 1, 0);
        Blas.gemm(one.xTimesA, one.delta, one.gradientOfB, true, false, 1, 0);
        return one.gradientOfB;
    }

    /** delta B^T, and with it the gradient of A. */
    @Benchmark
    public Object gradientOfA() {
        Layer one = layer();
        Blas.gemm(one.delta, one.b, one.deltaTimesB, false, true, 1, 0);
        Blas.gemm(one.x, one.deltaTimesB, one.gradientOfA, true, false, 1, 0);
        return one.gradientOfA;
    }

    /** What stands in for moving W while it lags within a fit: to the output and to epsilon is added what W lacks. */
    @Benchmark
    public Object sidePath() {
        Layer one = layer();
        Blas.gemm(one.x, one.left, one.xTimesLeft, false, false, 1, 0);
        Blas.gemm(one.xTimesLeft, one.right, one.output, false, false, 1e-12, 1);
        Blas.gemm(one.delta, one.right, one.deltaTimesRight, false, true, 1, 0);
        Blas.gemm(one.deltaTimesRight, one.left, one.output, false, true, 1e-12, 1);
        return one.output;
    }

    /** W -= [dA | A] [B ; dB], a product of rank 2r added to W. The scale is too small to make W drift. */
    @Benchmark
    public Object moveOfW() {
        Layer one = layer();
        Blas.gemm(one.left, one.right, one.weight, false, false, 1e-12, 1);
        return one.weight;
    }

    /** W read and written once, by the cheapest operation on every entry. */
    @Benchmark
    public Object streamOfW() {
        return layer().weight.addi(0.0);
    }
}
