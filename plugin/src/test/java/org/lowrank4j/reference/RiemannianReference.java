package org.lowrank4j.reference;

import java.util.Map;
import org.lowrank4j.gradient.Riemannian;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.Lora;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Riemannian preconditioning: the gradients of A and B before and after it. */
public final class RiemannianReference implements Reference {

    @Override
    public String method() {
        return "riemannian";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray a = given.input("A", type);
        INDArray b = given.input("B", type);
        TargetWeight target = Targets.target(
                Nd4j.zeros(type, a.size(0), b.size(1)),
                given.whole("r"),
                given.number("s") * given.whole("r"),
                given.number("s"),
                Map.of("riemannian.damping", Double.toString(given.number("reg"))));
        TargetUpdate update = new Riemannian().approximate(new Lora().attach(target), target);
        update.start(new Factors(a, b));
        INDArray[] gradients = Targets.gradients(update, given.input("gradient", type));
        outcome.put("dA", gradients[0].dup());
        outcome.put("dB", gradients[1].dup());
        update.beforeUpdater(gradients, new INDArray[2]);
        outcome.put("dA_preconditioned", gradients[0]);
        outcome.put("dB_preconditioned", gradients[1]);
    }
}
