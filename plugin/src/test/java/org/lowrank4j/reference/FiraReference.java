package org.lowrank4j.reference;

import java.util.ArrayList;
import java.util.List;
import org.lowrank4j.gradient.Fira;
import org.nd4j.linalg.api.buffer.DataType;

/** Fira: a run of Adam in GaLore's subspace with the limited residual beside it. */
public final class FiraReference implements Reference {

    @Override
    public String method() {
        return "fira";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        SubspaceRun run = new SubspaceRun(new Fira(), given, type, "kappa");
        List<Double> limiter = new ArrayList<>();
        double length = 0;
        for (int t = 1; run.hasNext(); t++) {
            double unlimited = run.unlimited().length();
            length = run.step();
            limiter.add(unlimited / length);
            outcome.put("W_" + t, run.weight().dup());
        }
        outcome.put("limiter", limiter.stream().mapToDouble(Double::doubleValue).toArray());
        outcome.put("limited_norm", length);
    }
}
