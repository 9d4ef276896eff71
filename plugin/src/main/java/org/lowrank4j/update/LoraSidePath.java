package org.lowrank4j.update;

import org.jspecify.annotations.Nullable;
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
    private final INDArray left;
    private final INDArray right;
    private final INDArray baseOfA;
    private final INDArray baseOfB;
    private final INDArray differenceOfA;
    private final INDArray differenceOfB;

    private boolean open;
    private boolean moved;
    /** (x [dA | A0])^T, 2r x examples, from the forward pass to the gradients. */
    private @Nullable INDArray inputs;
    /** [B ; dB] delta^T, 2r x examples, from the gradients to epsilon. */
    private @Nullable INDArray outputs;

    /**
     * @param weight W
     * @param a A, nIn x r in 'f' order, live
     * @param b B, r x nOut in 'c' order, live, the first half of {@code right}
     * @param right [B ; dB], 2r x nOut in 'c' order, whose second half is for this path while it is open
     * @param always whether the path pays for any number of examples
     */
    LoraSidePath(INDArray weight, double scale, INDArray a, INDArray b, INDArray right, boolean always) {
        this.weight = weight;
        this.scale = scale;
        this.a = a;
        this.b = b;
        this.right = right;
        this.always = always;
        long rank = a.size(1);
        left = Nd4j.create(weight.dataType(), new long[] {a.size(0), 2 * rank}, 'f');
        differenceOfA = left.get(NDArrayIndex.all(), NDArrayIndex.interval(0, rank));
        baseOfA = left.get(NDArrayIndex.all(), NDArrayIndex.interval(rank, 2 * rank));
        baseOfB = Nd4j.create(b.dataType(), b.shape(), 'c');
        differenceOfB = right.get(NDArrayIndex.interval(rank, 2 * rank), NDArrayIndex.all());
    }

    @Override
    public INDArray weight() {
        return weight;
    }

    /** A merge takes time in proportion to nIn nOut, the path in proportion to examples (nIn + nOut); both to the rank. */
    @Override
    public boolean pays(long examples) {
        return always || examples * (weight.size(0) + weight.size(1)) + FIXED_COST < weight.length();
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public void open() {
        baseOfA.assign(a);
        baseOfB.assign(b);
        differenceOfA.assign(0);
        differenceOfB.assign(0);
        moved = false;
        open = true;
    }

    @Override
    public void forward(INDArray x, INDArray z) {
        long examples = x.size(0);
        INDArray u = inputs;
        if (u == null || u.size(1) != examples) {
            try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
                u = Nd4j.createUninitialized(weight.dataType(), new long[] {left.size(1), examples}, 'f');
            }
            inputs = u;
        }
        Nd4j.gemm(left, x, u, true, true, 1, 0);
        if (moved) {
            addProduct(u, right, false, z);
        }
    }

    /** (x A)^T, r x examples, for the examples of the last forward pass. */
    INDArray ofInputs() {
        INDArray u = required(inputs);
        long rank = a.size(1);
        INDArray ofBase = u.get(NDArrayIndex.interval(rank, 2 * rank), NDArrayIndex.all());
        return moved ? ofBase.sub(u.get(NDArrayIndex.interval(0, rank), NDArrayIndex.all())) : ofBase;
    }

    /** (delta B^T)^T, r x examples. */
    INDArray ofOutputs(INDArray delta) {
        INDArray v = Nd4j.createUninitialized(weight.dataType(), new long[] {right.size(0), delta.size(0)}, 'f');
        Nd4j.gemm(right, delta, v, false, true, 1, 0);
        outputs = v;
        return v.get(NDArrayIndex.interval(0, a.size(1)), NDArrayIndex.all());
    }

    @Override
    public void epsilon(INDArray epsilon) {
        if (moved) {
            addProduct(required(outputs), left, true, epsilon);
        }
    }

    /** to -= s coefficients^T factors, or s coefficients^T factors^T, by one product that needs no copy. */
    private void addProduct(INDArray coefficients, INDArray factors, boolean transposed, INDArray to) {
        if (to.ordering() == 'f') {
            Nd4j.gemm(coefficients, factors, to, true, transposed, -scale, 1);
        } else {
            Nd4j.gemm(factors, coefficients, to.transpose(), !transposed, false, -scale, 1);
        }
    }

    /** After the factors have moved. */
    void step() {
        baseOfA.sub(a, differenceOfA);
        baseOfB.sub(b, differenceOfB);
        moved = true;
        outputs = null;
    }

    @Override
    public void merge() {
        if (moved) {
            Nd4j.gemm(left, right, weight, false, false, -scale, 1);
        }
        moved = false;
        open = false;
    }

    private static INDArray required(@Nullable INDArray array) {
        if (array == null) {
            throw new IllegalStateException("the passes through a side path come forward first");
        }
        return array;
    }
}
