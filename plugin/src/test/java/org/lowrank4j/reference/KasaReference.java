package org.lowrank4j.reference;

import java.util.Map;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.Kasa;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** KaSA: the truncated base, and the gradients around the trained diagonal. */
public final class KasaReference implements Reference {

    @Override
    public String method() {
        return "kasa";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray w = given.input("W", type);
        int rank = given.whole("r");
        TargetWeight target = Targets.target(w, rank, given.number("s") * rank, given.number("s"), Map.of());
        TargetUpdate update = new Kasa().attach(target);
        update.start();
        INDArray base = target.weight().dup();
        outcome.put("W_base", base);
        Targets.moveTo(update, given.input("A", type), given.input("diag_", type), given.input("B", type));
        Targets.put(given, update, target, outcome, "dA", "d_diag", "dB");
        outcome.put("delta_W", target.weight().sub(base));
        outcome.notProduced("regulariser_diag", "the user's own l2 acts on the diagonal");
        outcome.notProduced("regulariser_orthogonal", "an optional term of the paper, which is left out");
    }
}
