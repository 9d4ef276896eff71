package org.lowrank4j.gradient;

import java.util.List;
import java.util.Map;
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
final class LoraFaTarget extends PassedOn {

    private static final double DAMPING = 1e-8;

    private final TargetWeight target;
    private final INDArray a;
    private final INDArray b;
    private final List<TrainedTensor> tensors;
    private final PutOffDecay decays;

    /** (A^T A + damping I)^-1 / s^2 in double, made when it is first needed after A was set. */
    private @Nullable INDArray preconditioner;

    LoraFaTarget(TargetUpdate lora, Factors factors, TargetWeight target) {
        super(lora);
        this.target = target;
        a = factors.a();
        b = factors.b();
        decays = new PutOffDecay();
        tensors = lora.tensors().stream().filter(tensor -> tensor.value() == b).toList();
    }

    @Override
    public List<TrainedTensor> tensors() {
        return tensors;
    }

    @Override
    public void start(Factors factors) {
        super.start(factors);
        preconditioner = null;
    }

    @Override
    public void gradient(WeightGradient gradient, INDArray[] gradients) {
        gradient.transposeTimes(a, target.scale(), gradients[0], 0);
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
            decays.add(term, learningRates[0], iteration, epoch);
        } else {
            term.apply(b, gradients[0], learningRates[0], iteration, epoch);
        }
    }

    @Override
    public void abandon() {
        super.abandon();
        decays.forget();
    }

    @Override
    public void step(INDArray[] steps) {
        for (PutOffDecay.Term decay : decays.take()) {
            decay.apply(b.sub(steps[0]), steps[0]);
        }
        b.subi(steps[0]);
        Blas.gemm(a, steps[0], target.weight(), false, false, -target.scale(), 1);
    }

    @Override
    public void restore(Map<String, INDArray> state) {
        super.restore(state);
        preconditioner = null;
    }
}
