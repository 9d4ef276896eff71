package org.lowrank4j.reference;

import java.util.Map;
import org.lowrank4j.gradient.Shampoo;
import org.nd4j.linalg.api.buffer.DataType;

/** Shampoo: steps of matrices and of a kernel with four sides. */
public final class ShampooReference implements Reference {

    @Override
    public String method() {
        return "shampoo";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        MatrixRun run = new MatrixRun(
                new Shampoo(),
                given,
                type,
                1,
                Map.of(
                        "shampoo.epsilon", Double.toString(given.number("eps")),
                        "shampoo.refresh", Integer.toString(given.whole("refresh_every"))));
        while (run.hasNext()) {
            run.step();
        }
        outcome.put("W_steps", run.weights());
        outcome.put("last_direction", run.direction());
        if (given.expects("L")) {
            outcome.put("L", run.state("shampoo.side1.sum"));
            outcome.put("R", run.state("shampoo.side0.sum"));
        } else {
            for (int side = 0; side < 4; side++) {
                outcome.put("H" + side, run.state("shampoo.side" + side + ".sum"));
            }
        }
    }
}
