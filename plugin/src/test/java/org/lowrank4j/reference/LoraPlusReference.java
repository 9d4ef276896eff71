package org.lowrank4j.reference;

import java.util.Map;
import org.lowrank4j.method.Factors;
import org.lowrank4j.update.Lora;
import org.lowrank4j.update.LoraPlusRate;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.regularization.WeightDecay;

/** LoRA+: two steps of ND4J's Adam, at two rates, with ND4J's weight decay on the factors. */
public final class LoraPlusReference implements Reference {

    private static final int STEPS = 2;

    @Override
    public String method() {
        return "loraplus";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray a = given.input("A", type);
        INDArray b = given.input("B", type);
        INDArray bias = given.input("bias", type);
        TargetUpdate update = new Lora()
                .attach(Targets.target(
                        Nd4j.zeros(type, a.size(0), b.size(1)), given.whole("r"), given.number("r"), 1, Map.of()));
        update.start(new Factors(a, b));
        WeightDecay decay = new WeightDecay(given.number("weight_decay"), true);
        INDArray[] steps = Targets.views(update, a);
        INDArray stateOfA = Targets.adamState(steps[0]);
        INDArray stateOfB = Targets.adamState(steps[1]);
        INDArray stateOfBias = Targets.adamState(bias);
        for (int t = 0; t < STEPS; t++) {
            Adam users = new Adam(
                    given.number("lr"),
                    given.number("beta1"),
                    given.number("beta2"),
                    Targets.plainEpsilon(given.number("eps"), given.number("beta2"), t + 1));
            Adam raised = (Adam) LoraPlusRate.scaled(users, given.number("ratio"));
            outcome.put("lr_A", users.getLearningRate(t, 0));
            outcome.put("lr_B", raised.getLearningRate(t, 0));
            outcome.put("lr_bias", raised.getLearningRate(t, 0));

            steps[0].assign(slice(given.input("gA", type), t));
            steps[1].assign(slice(given.input("gB", type), t));
            Targets.adam(users, steps[0], stateOfA, t);
            Targets.adam(raised, steps[1], stateOfB, t);
            double[] rates = {users.getLearningRate(t, 0), raised.getLearningRate(t, 0)};
            update.regularise(decay, steps, rates, t, 0);
            update.step(steps);

            INDArray stepOfBias = given.input("gbias", type)
                    .get(NDArrayIndex.point(t), NDArrayIndex.all())
                    .dup();
            Targets.adam(raised, stepOfBias, stateOfBias, t);
            bias = bias.sub(stepOfBias);
            outcome.put("A_" + (t + 1), Targets.value(update, 0).dup());
            outcome.put("B_" + (t + 1), Targets.value(update, 1).dup());
            outcome.put("bias_" + (t + 1), bias);
        }
    }

    private static INDArray slice(INDArray steps, int t) {
        return steps.get(NDArrayIndex.point(t), NDArrayIndex.all(), NDArrayIndex.all());
    }
}
