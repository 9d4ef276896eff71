package org.lowrank4j.reference;

import java.util.Map;
import java.util.Random;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.initialisation.LoraOne;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.Given;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.rule.Scaling;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** LoRA-One: one step along the negative gradient in the factors. */
public final class LoraOneReference implements Reference {

    private static final double ROUNDING = 1e-14;

    @Override
    public String method() {
        return "loraone";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray w = given.input("W", type);
        INDArray gradient = given.input("G", type);
        int rank = given.whole("r");
        double scale = Scaling.RSLORA.scale(given.number("alpha"), rank);
        Factors factors = new LoraOne()
                .start(Given.start(
                        w,
                        rank,
                        given.number("alpha"),
                        scale,
                        gradient,
                        new Random(1),
                        new OptionValues(
                                new LoraOne(), Map.of("lora-one.gamma", Double.toString(given.number("gamma"))))));
        INDArray a = factors.a().castTo(type);
        INDArray b = factors.b().castTo(type);
        INDArray product = a.mmul(b);
        double[] values = ThinSvd.of(gradient).singularValues();
        // What is 0 up to rounding is recorded as 0.
        for (int i = 0; i < values.length; i++) {
            values[i] = values[i] <= ROUNDING * values[0] ? 0 : values[i];
        }
        outcome.put("s", scale);
        outcome.put("sigma_1", values[0]);
        outcome.put("singular_values", values);
        outcome.put("A", a);
        outcome.put("B", b);
        outcome.put("AB", product);
        outcome.put("W_after", factors.base());
        outcome.put("W_effective", factors.base().add(product.mul(scale)));
    }
}
