package org.lowrank4j.reference;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.lowrank4j.gradient.Muon;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Muon: steps of matrices and of a kernel, in full precision. */
public final class MuonReference implements Reference {

    @Override
    public String method() {
        return "muon";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        MatrixRun run = new MatrixRun(
                new Muon(),
                given,
                type,
                1,
                Map.of(
                        "muon.momentum", Double.toString(given.number("momentum_beta")),
                        "muon.nesterov", given.text("nesterov").equals("true") ? "yes" : "no",
                        "muon.iterations", Integer.toString(given.whole("newton_schulz_steps"))));
        List<INDArray> directions = new ArrayList<>();
        while (run.hasNext()) {
            run.step();
            directions.add(run.direction());
        }
        outcome.put("W_steps", run.weights());
        outcome.put("updates", Nd4j.stack(0, directions.toArray(INDArray[]::new)));
        outcome.put("momentum", run.asGiven(run.state("muon.average")));
        outcome.notProduced("last_polar_factor", "the direction that Muon's is near to");
    }
}
