package org.lowrank4j.reference;

import java.util.Map;
import org.lowrank4j.loss.TrainingLoss;
import org.lowrank4j.loss.ZLoss;
import org.lowrank4j.method.OptionValues;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;

/** The Z-loss, its gradient, and a step of an output layer with it. */
public final class ZlossReference implements Reference {

    @Override
    public String method() {
        return "zloss";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        TrainingLoss loss = new ZLoss()
                .with(new OptionValues(
                        new ZLoss(),
                        Map.of(
                                "z-loss.slope",
                                Double.toString(given.number("a")),
                                "z-loss.margin",
                                Double.toString(given.number("b")))));
        LossMCXENT own = new LossMCXENT();
        INDArray labels = given.input("labels_one_hot", type);
        INDArray outputs = given.hasInput("W")
                ? given.input("h", type).mmul(given.input("W", type))
                : given.input("outputs", type);
        double[] each = new double[(int) outputs.size(0)];
        for (int i = 0; i < each.length; i++) {
            each[i] = loss.score(labels.getRow(i, true), outputs.getRow(i, true), own, null);
        }
        outcome.put("loss_per_example", each);
        INDArray gradient = loss.gradient(labels, outputs, own, null);
        outcome.put("d_outputs", gradient);
        for (String part : new String[] {"z_target", "coefficient_target", "coefficient_one", "coefficient_output"}) {
            outcome.notProduced(part, "the gradient is made as a whole, in which the case has it, too");
        }
        if (given.hasInput("W")) {
            outcome.put("outputs", outputs);
            INDArray step = given.input("h", type).transpose().mmul(gradient).muli(given.number("lr"));
            outcome.put("W_after", given.input("W", type).sub(step));
        }
    }
}
