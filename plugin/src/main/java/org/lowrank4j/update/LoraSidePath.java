package org.lowrank4j.update;

import org.jspecify.annotations.Nullable;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.kind.RowGradient;
import org.lowrank4j.kind.Tokens;
import org.lowrank4j.method.Kept;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The side path of one LoRA adapter. With A0 and B0 the factors whose product W holds, dA = A0 - A and dB = B0 - B,
 *
 * <pre>W' - W = s (A B - A0 B0) = -s (dA B + A0 dB) = -s [dA | A0] [B ; dB]</pre>
 *
 * <p>so what W lacks is exactly 0 while no factor has moved, and small after a few steps. The products with the two wide
 * matrices also give those that the gradients need: x A = x A0 - x dA, and delta B^T.
 */
final class LoraSidePath implements SidePath {

    /** What a path costs however few the examples are, in entries of W that a merge moves in that time; measured. */
    private static final long FIXED_COST = 100_000;

    private final INDArray weight;
    private final double scale;
    private final boolean always;
    private final INDArray a;
    private final INDArray b;
    private final INDArray differenceOfB;
    private final INDArray right;
    private final Kept kept;

    /** Taken when the path opens first: an update that is wrapped, or an output layer's, never opens it. */
    private @Nullable Bases bases;

    private boolean open;
    private boolean moved;
    /** x [dA | A0], examples x 2r, from the forward pass to the gradients. */
    private @Nullable Halves inputs;
    /** delta [B ; dB]^T, examples x 2r, from the gradients to epsilon. */
    private @Nullable Halves outputs;

    /**
     * Where the factors were when the path opened.
     *
     * @param left [dA | A0]
     * @param a A0, its second half
     * @param b B0
     * @param differenceOfA dA, its first half
     */
    private record Bases(INDArray left, INDArray a, INDArray b, INDArray differenceOfA) {

        static Bases of(INDArray a, INDArray b, Kept kept) {
            long rank = a.size(1);
            INDArray left = kept.work("[dA | A0]", 'f', a.size(0), 2 * rank);
            return new Bases(
                    left,
                    left.get(NDArrayIndex.all(), NDArrayIndex.interval(rank, 2 * rank)),
                    kept.work("B0", 'c', b.shape()),
                    left.get(NDArrayIndex.all(), NDArrayIndex.interval(0, rank)));
        }
    }

    /**
     * Two matrices side by side, in the order of the examples that they are products of: BLAS then copies the few vectors of
     * the factor and not all examples. Kept from step to step.
     */
    private record Halves(INDArray both, INDArray first, INDArray second) {

        static Halves of(INDArray examples, DataType type, long rank) {
            try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
                INDArray both =
                        Nd4j.createUninitialized(type, new long[] {examples.size(0), 2 * rank}, examples.ordering());
                return new Halves(
                        both,
                        both.get(NDArrayIndex.all(), NDArrayIndex.interval(0, rank)),
                        both.get(NDArrayIndex.all(), NDArrayIndex.interval(rank, 2 * rank)));
            }
        }

        boolean fit(INDArray examples) {
            return both.size(0) == examples.size(0) && both.ordering() == examples.ordering();
        }
    }

    /**
     * @param weight W
     * @param a A, nIn x r in 'f' order, live
     * @param b B, r x nOut in 'c' order, live, the first half of {@code right}
     * @param right [B ; dB], 2r x nOut in 'c' order, whose second half is for this path while it is open
     * @param always whether the path pays for any number of examples
     */
    LoraSidePath(INDArray weight, double scale, INDArray a, INDArray b, INDArray right, boolean always, Kept kept) {
        this.weight = weight;
        this.scale = scale;
        this.a = a;
        this.b = b;
        this.right = right;
        this.always = always;
        this.kept = kept;
        long rank = a.size(1);
        differenceOfB = right.get(NDArrayIndex.interval(rank, 2 * rank), NDArrayIndex.all());
    }

    @Override
    public INDArray weight() {
        return weight;
    }

    /** A merge takes time in proportion to nIn nOut, the path in proportion to rows (inputs + nOut); both to the rank. */
    @Override
    public boolean pays(long rows, long inputs) {
        return always || rows * (inputs + weight.size(1)) + FIXED_COST < weight.length();
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public void reserve() {
        if (bases == null) {
            bases = Bases.of(a, b, kept);
        }
    }

    @Override
    public void open() {
        reserve();
        Bases taken = opened();
        taken.a().assign(a);
        taken.b().assign(b);
        taken.differenceOfA().assign(0);
        differenceOfB.assign(0);
        moved = false;
        open = true;
    }

    @Override
    public void forward(INDArray x, INDArray z) {
        Halves u = inputsLike(x);
        Blas.gemm(x, opened().left(), u.both(), false, false, 1, 0);
        addLagging(u, z);
    }

    @Override
    public void forward(Tokens x, INDArray z) {
        Halves u = inputsLike(z);
        x.times(opened().left(), u.both());
        addLagging(u, z);
    }

    private Halves inputsLike(INDArray rows) {
        Halves u = inputs;
        if (u == null || !u.fit(rows)) {
            u = Halves.of(rows, weight.dataType(), a.size(1));
            inputs = u;
        }
        return u;
    }

    private void addLagging(Halves u, INDArray z) {
        if (moved) {
            Blas.gemm(u.both(), right, z, false, false, -scale, 1);
        }
    }

    /** The gradients of A and B for the rows of the last forward pass, whose products are spent with it. */
    void gradients(RowGradient rows, INDArray ofA, INDArray ofB) {
        Blas.gemm(ofInputs(), rows.delta(), ofB, true, false, scale, 0);
        rows.inputsTimes(ofOutputs(rows.delta()), scale, ofA, 0);
    }

    /** x A, examples x r. */
    private INDArray ofInputs() {
        Halves u = required(inputs);
        if (moved) {
            Blas.axpy(-1, u.first(), u.second());
        }
        return u.second();
    }

    /** delta B^T, examples x r. */
    private INDArray ofOutputs(INDArray delta) {
        Halves v = outputs;
        if (v == null || !v.fit(delta)) {
            v = Halves.of(delta, weight.dataType(), a.size(1));
            outputs = v;
        }
        Blas.gemm(delta, right, v.both(), false, true, 1, 0);
        return v.first();
    }

    @Override
    public void epsilon(INDArray epsilon) {
        if (moved) {
            Blas.gemm(required(outputs).both(), opened().left(), epsilon, false, true, -scale, 1);
        }
    }

    /** After the factors have moved. */
    void step() {
        Bases taken = opened();
        difference(taken.a(), a, taken.differenceOfA());
        difference(taken.b(), b, differenceOfB);
        moved = true;
    }

    private static void difference(INDArray base, INDArray factor, INDArray to) {
        Blas.copy(base, to);
        Blas.axpy(-1, factor, to);
    }

    @Override
    public void merge() {
        if (moved) {
            Blas.gemm(opened().left(), right, weight, false, false, -scale, 1);
        }
        moved = false;
        open = false;
    }

    private Bases opened() {
        Bases taken = bases;
        if (taken == null) {
            throw new IllegalStateException("a side path is opened before it is used");
        }
        return taken;
    }

    private static Halves required(@Nullable Halves products) {
        if (products == null) {
            throw new IllegalStateException("the passes through a side path come forward first");
        }
        return products;
    }
}
