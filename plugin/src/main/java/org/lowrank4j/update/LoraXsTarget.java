package org.lowrank4j.update;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.decomposition.PseudoInverse;
import org.lowrank4j.initialisation.Factors;
import org.lowrank4j.kind.WeightGradient;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The r x r matrix R between two fixed factors of one weight.
 *
 * <p>Both gradients of R have the form c P^T G Q^T with G = x^T delta: dL/dR with P = A, Q = B and c = s, and the equivalent
 * one with the transposed pseudo-inverses and c = 1/s, because (A^T A)^-1 A^T = A^+.
 */
final class LoraXsTarget implements TargetUpdate {

    private static final String R = "R";

    private final TargetWeight target;
    private final FixedFactors factors;
    private final INDArray core;
    /** A times the step of R. */
    private final INDArray moved;

    private final List<TrainedTensor> tensors;
    /** P and Q; for dL/dR the factors themselves. */
    private final FixedFactors projectors;
    /** c. */
    private final double gradientScale;

    LoraXsTarget(String update, TargetWeight target, boolean equivalentGradient) {
        this.target = target;
        factors = new FixedFactors(update, target);
        int rank = target.rank();
        core = Nd4j.create(target.dataType(), new long[] {rank, rank}, 'f');
        moved = factors.a().ulike();
        tensors = List.of(new TrainedTensor(R, new long[] {rank, rank}, 'f', core, false));
        projectors = equivalentGradient ? new FixedFactors(update, target) : factors;
        gradientScale = equivalentGradient ? 1 / target.scale() : target.scale();
    }

    @Override
    public List<TrainedTensor> tensors() {
        return tensors;
    }

    @Override
    public void start(Factors given) {
        factors.start(given, R, core);
        setProjectors();
    }

    private void setProjectors() {
        if (projectors != factors) {
            projectors.a().assign(PseudoInverse.of(factors.a()).transpose());
            projectors.b().assign(PseudoInverse.of(factors.b()).transpose());
        }
    }

    @Override
    public void gradient(WeightGradient gradient, INDArray[] gradients) {
        projectors.project(gradient, gradientScale, gradients[0]);
    }

    @Override
    public void step(INDArray[] steps) {
        core.subi(steps[0]);
        Blas.gemm(factors.a(), steps[0], moved, false, false, 1, 0);
        Blas.gemm(moved, factors.b(), target.weight(), false, false, -target.scale(), 1);
    }

    @Override
    public Map<String, INDArray> state() {
        Map<String, INDArray> state = new LinkedHashMap<>();
        factors.save(state);
        state.put(R, core);
        return state;
    }

    @Override
    public void restore(Map<String, INDArray> state) {
        factors.restore(state);
        SavedState.copy(state, R, core, target);
        setProjectors();
    }
}
