package org.lowrank4j.reference;

import java.util.Map;
import org.lowrank4j.gradient.LoraFa;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.Lora;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.regularization.WeightDecay;

/** LoRA-FA: the gradient of B, and steps of ND4J's Adam (whose epsilon stands where the published code has it) on it. */
public final class LoraFaReference implements Reference {

    @Override
    public String method() {
        return "lorafa";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray a = given.input("A", type);
        INDArray b = given.input("B", type);
        INDArray gradients = given.input("G", type);
        TargetWeight target = Targets.target(
                Nd4j.zeros(type, a.size(0), b.size(1)),
                given.whole("r"),
                given.number("alpha"),
                given.number("s"),
                Map.of());
        TargetUpdate lora = new Lora().attach(target);
        TargetUpdate update = new LoraFa().approximate(lora, target);
        update.start(new Factors(a, b));
        Adam adam = new Adam(given.number("lr"), given.number("beta1"), given.number("beta2"), given.number("eps"));
        WeightDecay decay = new WeightDecay(given.number("weight_decay"), true);
        INDArray state = Targets.adamState(b);
        for (int t = 0; t < gradients.size(0); t++) {
            INDArray[] steps = Targets.gradients(
                    update, gradients.get(NDArrayIndex.point(t), NDArrayIndex.all(), NDArrayIndex.all()));
            update.beforeUpdater(steps, new INDArray[] {state});
            if (t == 0) {
                outcome.put("gB_star", steps[0].dup());
            }
            Targets.adam(adam, steps[0], state, t);
            update.regularise(decay, steps, new double[] {given.number("lr")}, t, 0);
            update.step(steps);
            outcome.put("B_" + (t + 1), Targets.value(update, 0).dup());
        }
        outcome.put("A_after", Targets.value(lora, 0));
    }
}
