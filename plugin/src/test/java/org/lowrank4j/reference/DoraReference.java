package org.lowrank4j.reference;

import java.util.Map;
import org.lowrank4j.kind.OuterProduct;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.rule.Scaling;
import org.lowrank4j.update.Dora;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** DoRA: gradients with the norm taken for a constant, and the weight that the network holds. */
public final class DoraReference implements Reference {

    @Override
    public String method() {
        return "dora";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray w = given.input("W", type);
        INDArray x = given.input("x", type);
        INDArray delta = given.input("delta", type);
        INDArray b = given.input("B", type);
        int rank = given.whole("r");
        double scale = Scaling.STANDARD.scale(given.number("alpha"), rank);
        outcome.put("s", scale);

        // The network holds the effective weight: start from B = 0, where that is W, and step to the file's B and M.
        TargetWeight target = Targets.target(w, rank, given.number("alpha"), scale, Map.of());
        TargetUpdate update = new Dora().attach(target);
        update.start(new Factors(given.input("A", type), b.mul(0)));
        INDArray magnitude = Targets.value(update, 2);
        outcome.put("M_init", magnitude.dup().reshape(magnitude.length()));
        Targets.stepTo(update, w, b, given.input("M", type));

        INDArray[] gradients = Targets.views(update, w);
        update.gradient(new OuterProduct(x, delta), gradients);
        outcome.put("dA", gradients[0]);
        outcome.put("dB", gradients[1]);
        outcome.put("dM", gradients[2].reshape(magnitude.length()));
        outcome.put(
                "c",
                target.weight().divRowVector(update.kept().state().get("ratio")).norm2(0));
        outcome.put("W_merged", target.weight());
        outcome.put("y", x.mmul(target.weight()).addRowVector(given.input("bias", type)));
        outcome.put("dx", delta.mmul(target.weight().transpose()));
    }
}
