package org.lowrank4j.gradient;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.initialisation.Factors;
import org.lowrank4j.update.SavedState;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TargetWeight;
import org.lowrank4j.update.TrainedTensor;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;

/** LoRA-Pro with Adam's moments in the space of W. */
final class LoraProFullTarget extends LoraProTarget {

    private static final String MOMENTS = "moments";
    private static final String STEP = "step";

    private final TargetWeight target;
    private final Factors factors;
    /** Adam's m, then v, each of W's size. */
    private final INDArray moments;
    /** The equivalent gradient, then Adam's step of rate 1; nIn x nOut in 'f' order. */
    private final INDArray full;

    private final INDArray step = Nd4j.create(DataType.LONG, 1);
    private @Nullable Adam adam;

    LoraProFullTarget(TargetUpdate lora, Factors factors, TargetWeight target, double damping) {
        super(lora, factors, target, damping);
        this.target = target;
        this.factors = factors;
        long size = target.weight().length();
        moments = Nd4j.create(target.dataType(), 1, 2 * size);
        full = Nd4j.create(target.dataType(), new long[] {target.inputs(), target.outputs()}, 'f');
    }

    /** Adam itself runs on W's scale; what is left for A and B is to multiply by the rate. */
    @Override
    public IUpdater updater(TrainedTensor tensor, IUpdater usersUpdater) {
        if (!(usersUpdater instanceof Adam users)) {
            throw new LowRankException("lora-pro.mode=full runs Adam in the space of W, and the updater of layer "
                    + target.layer() + " is " + usersUpdater.getClass().getSimpleName()
                    + ". Give the layer new Adam(...), or use lora-pro.mode=efficient, which works with any updater.");
        }
        adam = new Adam(1, users.getBeta1(), users.getBeta2(), users.getEpsilon());
        return users.getLearningRateSchedule() == null
                ? new Sgd(users.getLearningRate())
                : new Sgd(users.getLearningRateSchedule());
    }

    @Override
    Factors replace(LoraProGradients rule, INDArray gradientOfA, INDArray gradientOfB) {
        if (adam == null) {
            throw new IllegalStateException("the updater of layer " + target.layer() + " was never asked for");
        }
        Factors equivalent = rule.unbalanced(gradientOfA, gradientOfB);
        multiply(factors.a(), equivalent.b().castTo(target.dataType()), 0);
        multiply(equivalent.a().castTo(target.dataType()), factors.b(), 1);

        int count = Math.toIntExact(step.data().getLong(0));
        adam.instantiate(moments, false).applyUpdater(full.reshape('f', 1, full.length()), count, 0);
        step.data().put(0, count + 1L);

        INDArray ofA = full.mmul(factors.b().transpose()).muli(target.scale());
        INDArray ofB = factors.a().transpose().mmul(full).muli(target.scale());
        return rule.balanced(ofA, ofB);
    }

    /** full = s left right + keep full. */
    private void multiply(INDArray left, INDArray right, double keep) {
        Blas.gemm(left, right, full, false, false, target.scale(), keep);
    }

    @Override
    public Map<String, INDArray> state() {
        Map<String, INDArray> state = new LinkedHashMap<>(super.state());
        state.put(MOMENTS, moments);
        state.put(STEP, step);
        return state;
    }

    @Override
    public void restore(Map<String, INDArray> state) {
        super.restore(state);
        SavedState.copy(state, MOMENTS, moments, target);
        SavedState.copy(state, STEP, step, target);
    }
}
