package org.lowrank4j.tests.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.lowrank4j.blas.Blas;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The products that no training of the layers can do without, and nothing else: each layer's forward product, and the
 * epsilon products above the first layer; of convolutions those of all patches, and nothing of depthwise ones, which are no
 * matrix products; of LSTMs one for the inputs of all steps and two for each step; of an embedding the rows of its tokens. Each layer has a W of its own, because one
 * W for all would stay in the cache.
 *
 * <p>A product can be written as z = x W or as its transpose, which BLAS computes at different speeds: the floor takes
 * whichever is faster here.
 */
final class GemmFloor implements Work {

    private final List<Runnable> products = new ArrayList<>();

    GemmFloor(Workload workload) {
        int width = workload.top();
        int batch = workload.batch();
        int rows = workload.rows();
        int inputs = workload.inputs();
        int columns = workload.recurs() ? Workload.GATES * width : width;
        // One-hot rows of tokens would be a matrix of the vocabulary.
        INDArray x = Nd4j.randn(rows, workload.embeds() ? 1 : inputs);
        INDArray delta = Nd4j.randn(rows, columns);
        INDArray top = Nd4j.randn(batch, width);
        List<Runnable> forward = new ArrayList<>();
        List<Runnable> forwardTransposed = new ArrayList<>();
        List<Runnable> epsilon = new ArrayList<>();
        List<Runnable> epsilonTransposed = new ArrayList<>();
        if (workload.embeds()) {
            products.add(rows(workload));
        }
        for (int i = 0; i < workload.depth() && !workload.embeds(); i++) {
            INDArray w = Nd4j.randn(inputs, columns).divi(inputs).dup('f');
            INDArray result = Nd4j.create(new long[] {rows, columns}, 'f');
            INDArray resultTransposed = Nd4j.create(new long[] {columns, rows}, 'f');
            INDArray below = Nd4j.create(new long[] {rows, inputs}, 'f');
            INDArray belowTransposed = Nd4j.create(new long[] {inputs, rows}, 'f');
            forward.add(() -> Blas.gemm(x, w, result, false, false, 1, 0));
            forwardTransposed.add(() -> Blas.gemm(w, x, resultTransposed, true, true, 1, 0));
            if (i > 0) {
                epsilon.add(() -> Blas.gemm(delta, w, below, false, true, 1, 0));
                epsilonTransposed.add(() -> Blas.gemm(w, delta, belowTransposed, false, true, 1, 0));
            }
            if (workload.recurs()) {
                recurrent(workload);
            }
        }
        INDArray head = Nd4j.randn(width, TrainingStep.CLASSES).dup('f');
        INDArray logits = Nd4j.create(new long[] {batch, TrainingStep.CLASSES}, 'f');
        INDArray belowHead = Nd4j.create(new long[] {batch, width}, 'f');
        products.addAll(faster(forward, forwardTransposed));
        products.add(() -> Blas.gemm(top, head, logits, false, false, 1, 0));
        products.add(() -> Blas.gemm(logits, head, belowHead, false, true, 1, 0));
        products.addAll(faster(epsilon, epsilonTransposed));
    }

    /** The row of the table for each token. */
    private static Runnable rows(Workload workload) {
        INDArray table = Nd4j.randn(workload.width(), Workload.UNITS).dup('f');
        INDArray picked = Nd4j.create(new long[] {workload.rows(), Workload.UNITS}, 'c');
        int[] tokens = new Random(1).ints(workload.rows(), 0, workload.width()).toArray();
        return () -> Nd4j.pullRows(table, picked, 1, tokens);
    }

    /** z += h RW and dL/dh = D RW^T in each step. */
    private void recurrent(Workload workload) {
        int units = workload.width();
        INDArray weight = Nd4j.randn(units, Workload.GATES * units).divi(units).dup('f');
        List<List<Runnable>> ways = new ArrayList<>();
        for (char order : new char[] {'f', 'c'}) {
            INDArray h = Nd4j.randn(workload.batch(), units).dup(order);
            INDArray z = Nd4j.create(new long[] {workload.batch(), Workload.GATES * units}, order);
            INDArray ofH = Nd4j.create(new long[] {workload.batch(), units}, order);
            List<Runnable> way = new ArrayList<>();
            for (int step = 0; step < Workload.STEPS; step++) {
                way.add(() -> Blas.gemm(h, weight, z, false, false, 1, 0));
                way.add(() -> Blas.gemm(z, weight, ofH, false, true, 1, 0));
            }
            ways.add(way);
        }
        products.addAll(faster(ways.get(0), ways.get(1)));
    }

    private static List<Runnable> faster(List<Runnable> one, List<Runnable> other) {
        double best = Double.POSITIVE_INFINITY;
        List<Runnable> fastest = one;
        for (int repeat = 0; repeat < 3; repeat++) {
            for (List<Runnable> candidate : List.of(one, other)) {
                double time =
                        Worker.run(() -> candidate.forEach(Runnable::run), 0.2).cpu();
                if (time < best) {
                    best = time;
                    fastest = candidate;
                }
            }
        }
        return fastest;
    }

    @Override
    public void run() {
        products.forEach(Runnable::run);
    }
}
