package org.lowrank4j.update;

import java.util.Random;
import org.lowrank4j.blas.Blas;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The kernel of a two-dimensional convolution as three small tensors (FedPara, arXiv 2108.06098, proposition 3, as in the
 * reference PEFT library with {@code use_effective_conv2d}): with c a channel, p a place of the filter and o a filter
 *
 * <pre>
 * K_cpo = sum over i, j of T_ijp A_io B_jc
 * </pre>
 *
 * <p>T is r x (r places), A r x nOut and B r x channels.
 */
final class TrainedKernel implements TrainedPart {

    private final int first;
    private final INDArray t;
    private final INDArray a;
    private final INDArray b;
    private final long places;
    /** The sum over i, r x (places nOut), and its gradient. */
    private final INDArray inner;

    private final INDArray ofInner;
    /** K, channels x (places nOut). */
    private final INDArray kernel;

    /**
     * That of an update.
     *
     * @param number behind the names of its tensors
     * @param places of the filter
     */
    TrainedKernel(AttachedUpdate update, int number, long channels, long places, long rank, long outputs) {
        first = update.tensors().size();
        this.places = places;
        t = update.trained("T" + number, 'c', false, rank, rank * places);
        a = update.trained("A" + number, 'c', true, rank, outputs);
        b = update.trained("B" + number, 'c', false, rank, channels);
        inner = update.kept().work("T" + number + " A" + number, 'c', rank, places * outputs);
        ofInner = update.kept().work("d(T" + number + " A" + number + ")", 'c', rank, places * outputs);
        kernel = update.kept().work("K" + number, 'c', channels, places * outputs);
    }

    @Override
    public void draw(Random random) {
        Uniform.fill(t, 1 / Math.sqrt(t.size(1)), random);
        Uniform.fill(a, 1 / Math.sqrt(a.size(1)), random);
        Uniform.fill(b, 1 / Math.sqrt(b.size(1)), random);
    }

    @Override
    public void clear() {
        a.assign(0);
    }

    /** The arrays r x (places nOut) as (r places) x nOut. */
    private INDArray tall(INDArray wide) {
        return wide.reshape('c', t.size(1), a.size(1));
    }

    private INDArray matrix() {
        return kernel.reshape('c', b.size(1) * places, a.size(1));
    }

    private void form() {
        Blas.gemm(t, a, tall(inner), true, false, 1, 0);
        Blas.gemm(b, inner, kernel, true, false, 1, 0);
    }

    @Override
    public INDArray value(INDArray result) {
        form();
        return result.assign(matrix());
    }

    @Override
    public void gradient(INDArray ofMatrix, INDArray[] gradients) {
        Blas.gemm(t, a, tall(inner), true, false, 1, 0);
        matrix().assign(ofMatrix);
        Blas.gemm(b, kernel, ofInner, false, false, 1, 0);
        Blas.gemm(a, tall(ofInner), gradients[first], false, true, 1, 0);
        Blas.gemm(t, tall(ofInner), gradients[first + 1], false, false, 1, 0);
        Blas.gemm(inner, kernel, gradients[first + 2], false, true, 1, 0);
    }

    @Override
    public void move(INDArray[] steps, INDArray fall) {
        value(fall);
        t.subi(steps[first]);
        a.subi(steps[first + 1]);
        b.subi(steps[first + 2]);
        form();
        fall.subi(matrix());
    }
}
