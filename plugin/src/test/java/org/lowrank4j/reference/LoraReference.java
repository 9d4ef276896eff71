package org.lowrank4j.reference;

import java.util.Map;
import org.lowrank4j.initialisation.Kaiming;
import org.lowrank4j.kind.OuterProduct;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.rule.Scaling;
import org.lowrank4j.update.Lora;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** LoRA: the gradients of the factors, and the weight that the network holds. */
public final class LoraReference implements Reference {

    @Override
    public String method() {
        return "lora";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        lora(given, type, Scaling.STANDARD, outcome);
        outcome.put("kaiming_bound_A", Kaiming.bound(given.input("W", type).size(0)));
    }

    /** Everything but the start, at this scaling. */
    static void lora(ReferenceCase given, DataType type, Scaling scaling, Outcome outcome) {
        INDArray w = given.input("W", type);
        INDArray x = given.input("x", type);
        INDArray delta = given.input("delta", type);
        INDArray a = given.input("A", type);
        INDArray b = given.input("B", type);
        int rank = given.whole("r");
        double scale = scaling.scale(given.number("alpha"), rank);
        outcome.put("s", scale);

        // The network holds the effective weight: start from B = 0, where that is W, and step to B.
        TargetWeight target = Targets.target(w, rank, given.number("alpha"), scale, Map.of());
        TargetUpdate update = new Lora().attach(target);
        update.start(new Factors(a, b.mul(0)));
        Targets.stepTo(update, w, b);
        INDArray effective = target.weight();
        INDArray[] gradients = Targets.views(update, w);
        update.gradient(new OuterProduct(x, delta), gradients);
        INDArray bias = given.hasInput("bias") ? given.input("bias", type) : Nd4j.zeros(type, w.size(1));
        outcome.put("W_merged", effective);
        outcome.put("y", x.mmul(effective).addRowVector(bias));
        outcome.put("y_base", x.mmul(w).addRowVector(bias));
        outcome.put("dx", delta.mmul(effective.transpose()));
        outcome.put("dA", gradients[0]);
        outcome.put("dB", gradients[1]);
        outcome.put("dbias", delta.sum(0));
    }
}
