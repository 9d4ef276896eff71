package org.lowrank4j.reference;

import java.util.Map;
import org.lowrank4j.kind.OuterProduct;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.Mica;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** MiCA: the fixed minor directions, and the gradient of A. */
public final class MicaReference implements Reference {

    @Override
    public String method() {
        return "mica";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray w = given.input("W", type);
        int rank = given.whole("r");
        TargetWeight target = Targets.target(w, rank, given.number("s") * rank, given.number("s"), Map.of());
        TargetUpdate update = new Mica().attach(target);
        update.start();
        outcome.put("A_init", Targets.value(update, 0));
        INDArray b = update.kept().state().get("B");
        outcome.put("B_init", b);
        outcome.put("B_projector", b.transpose().mmul(b));

        Targets.restore(update, Map.of("B", given.withSignsOfFile("B_init", b, true)));
        INDArray[] gradients = Targets.views(update, w);
        update.gradient(new OuterProduct(given.input("x", type), given.input("delta", type)), gradients);
        outcome.put("dA", gradients[0]);
    }
}
