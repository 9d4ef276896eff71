package org.lowrank4j.gradient;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lowrank4j.LowRankException;
import org.lowrank4j.initialisation.Factors;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.update.SavedState;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TargetWeight;
import org.lowrank4j.update.TrainedTensor;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.regularization.L2Regularization;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.nd4j.linalg.learning.regularization.Regularization.ApplyStep;

/** The projector of one weight, and the steps mapped back through it. */
final class GaLoreTarget implements TargetUpdate {

    private static final String PROJECTOR = "projector";
    private static final String STEP = "step";

    private final TargetWeight target;
    private final INDArray weight;
    private final int refresh;
    private final double scale;
    private final Projector projector;
    private final INDArray step = Nd4j.create(DataType.LONG, 1);
    private final List<TrainedTensor> tensors;
    private final PutOffDecay decays;

    GaLoreTarget(TargetWeight target, ProjectedSide side, int refresh, double scale) {
        this.target = target;
        this.weight = target.weight();
        this.refresh = refresh;
        this.scale = scale;
        projector = new Projector(target, side);
        decays = new PutOffDecay();
        tensors = List.of(new TrainedTensor("G", Projector.projectedShape(target, side), 'f', null, false));
    }

    @Override
    public List<TrainedTensor> tensors() {
        return tensors;
    }

    @Override
    public void start(Factors factors) {
        throw new LowRankException("Layer " + target.layer()
                + " trains W itself (gradient=galore), which has no factors to start. Name no initialisation for it.");
    }

    @Override
    public void gradient(WeightGradient gradient, INDArray[] gradients) {
        if (step.data().getLong(0) % refresh == 0) {
            findSubspace(gradient);
        }
        projector.project(gradient, gradients[0]);
    }

    private void findSubspace(WeightGradient gradient) {
        // G is as large as W: in the layer's workspace it would make every later step's workspace as large.
        try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
            INDArray full = Nd4j.createUninitialized(weight.dataType(), weight.shape(), 'f');
            gradient.formed(full, 0);
            if (!Double.isFinite(full.sumNumber().doubleValue())) {
                // Such a step is left out by its caller, so the next one comes here again.
                return;
            }
            projector.find(full);
        }
    }

    /** Terms before the updater are projected like the gradient; those after it act on W itself, after its step. */
    @Override
    public void regularise(
            Regularization term, INDArray[] gradients, double[] learningRates, int iteration, int epoch) {
        double learningRate = learningRates[0];
        if (term.applyStep() == ApplyStep.POST_UPDATER) {
            decays.add(term, learningRate, iteration, epoch);
        } else if (term instanceof L2Regularization l2) {
            projector.addProjection(weight, l2.getL2().valueAt(iteration, epoch), gradients[0], 1);
        } else {
            projector.addProjection(ofWeight(term, learningRate, iteration, epoch), 1, gradients[0], 1);
        }
    }

    private INDArray ofWeight(Regularization term, double learningRate, int iteration, int epoch) {
        INDArray change = Nd4j.zeros(weight.dataType(), weight.shape());
        term.apply(weight, change, learningRate, iteration, epoch);
        return change;
    }

    @Override
    public void abandon() {
        decays.forget();
    }

    @Override
    public void step(INDArray[] steps) {
        projector.addBack(steps[0], -scale, weight);
        for (PutOffDecay.Term decay : decays.take()) {
            INDArray change = Nd4j.zeros(weight.dataType(), weight.shape());
            decay.apply(weight, change);
            weight.subi(change);
        }
        step.data().put(0, step.data().getLong(0) + 1);
    }

    @Override
    public Map<String, INDArray> state() {
        Map<String, INDArray> state = new LinkedHashMap<>();
        state.put(PROJECTOR, projector.matrix());
        state.put(STEP, step);
        return state;
    }

    @Override
    public void restore(Map<String, INDArray> state) {
        SavedState.copy(state, PROJECTOR, projector.matrix(), target);
        SavedState.copy(state, STEP, step, target);
    }
}
