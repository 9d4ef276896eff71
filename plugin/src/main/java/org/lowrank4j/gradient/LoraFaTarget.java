package org.lowrank4j.gradient;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.initialisation.Factors;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TargetWeight;
import org.lowrank4j.update.TrainedTensor;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.nd4j.linalg.learning.regularization.Regularization.ApplyStep;

/** LoRA's B of one weight, trained over a fixed A. */
final class LoraFaTarget implements TargetUpdate {

    private static final double DAMPING = 1e-8;

    private final TargetUpdate lora;
    private final TargetWeight target;
    private final INDArray a;
    private final INDArray b;
    private final List<TrainedTensor> tensors;
    private final List<BiConsumer<INDArray, INDArray>> decays = new ArrayList<>();

    /** (A^T A + damping I)^-1 / s^2 in double, made when it is first needed after A was set. */
    private @Nullable INDArray preconditioner;

    LoraFaTarget(TargetUpdate lora, Factors factors, TargetWeight target) {
        this.lora = lora;
        this.target = target;
        a = factors.a();
        b = factors.b();
        tensors = lora.tensors().stream().filter(tensor -> tensor.value() == b).toList();
    }

    @Override
    public List<TrainedTensor> tensors() {
        return tensors;
    }

    @Override
    public void start(Factors factors) {
        lora.start(factors);
        preconditioner = null;
    }

    @Override
    public void gradient(WeightGradient gradient, INDArray[] gradients) {
        gradient.transposeTimes(a, target.scale(), gradients[0], 0);
    }

    @Override
    public boolean movesUpdaterState() {
        return true;
    }

    @Override
    public void beforeUpdater(INDArray[] gradients, INDArray[] updaterStates) {
        INDArray gradient = gradients[0];
        gradient.assign(preconditioner().mmul(gradient.castTo(DataType.DOUBLE)));
    }

    private INDArray preconditioner() {
        INDArray ready = preconditioner;
        if (ready == null) {
            try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
                ready = Gram.inverse(Gram.ofColumns(a), DAMPING).divi(target.scale() * target.scale());
            }
            preconditioner = ready;
        }
        return ready;
    }

    @Override
    public void regularise(
            Regularization term, INDArray[] gradients, double[] learningRates, int iteration, int epoch) {
        if (term.applyStep() == ApplyStep.POST_UPDATER) {
            decays.add((moved, step) -> term.apply(moved, step, learningRates[0], iteration, epoch));
        } else {
            TargetUpdate.super.regularise(term, gradients, learningRates, iteration, epoch);
        }
    }

    @Override
    public void step(INDArray[] steps) {
        for (BiConsumer<INDArray, INDArray> decay : decays) {
            decay.accept(b.sub(steps[0]), steps[0]);
        }
        decays.clear();
        b.subi(steps[0]);
        Blas.gemm(a, steps[0], target.weight(), false, false, -target.scale(), 1);
    }

    @Override
    public Map<String, INDArray> state() {
        return lora.state();
    }

    @Override
    public void restore(Map<String, INDArray> state) {
        lora.restore(state);
        preconditioner = null;
    }
}
