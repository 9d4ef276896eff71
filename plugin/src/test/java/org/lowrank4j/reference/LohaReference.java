package org.lowrank4j.reference;

import java.util.Map;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.rule.Scaling;
import org.lowrank4j.update.Loha;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;

/** LoHa: the change of W and the gradients of both products. */
public final class LohaReference implements Reference {

    @Override
    public String method() {
        return "loha";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        if (given.hasInput("T1")) {
            outcome.notProduced(
                    "delta_W",
                    "of a convolution W is the matrix of its filters, as in PEFT without" + " use_effective_conv2d");
            return;
        }
        int rank = given.whole("r");
        double alpha = given.number("alpha");
        TargetWeight target =
                Targets.target(given.input("W", type), rank, alpha, Scaling.STANDARD.scale(alpha, rank), Map.of());
        TargetUpdate update = new Loha().attach(target);
        update.start();
        Targets.moveTo(
                update,
                given.input("A1", type),
                given.input("B1", type),
                given.input("A2", type),
                given.input("B2", type));
        Targets.put(given, update, target, outcome, "dA1", "dB1", "dA2", "dB2");
    }
}
