package org.lowrank4j.reference;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.lowrank4j.decomposition.ThinQr;
import org.lowrank4j.gradient.Dion;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Dion: steps of low and of full rank, from the query of the file. */
public final class DionReference implements Reference {

    @Override
    public String method() {
        return "dion";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        MatrixRun run = new MatrixRun(
                new Dion(),
                given,
                type,
                given.whole("r"),
                Map.of("dion.momentum", Double.toString(given.number("mu"))));
        Targets.restore(run.update(), Map.of("dion.query", given.input("Q0", type)));
        double size = Math.sqrt((double) run.target().outputs() / run.target().inputs());
        List<INDArray> sums = new ArrayList<>();
        List<INDArray> directions = new ArrayList<>();
        while (run.hasNext()) {
            run.step();
            sums.add(run.state("dion.sum").dup());
            directions.add(run.direction().div(size));
        }
        outcome.put("W_steps", run.weights());
        outcome.put("momentum_steps", Nd4j.stack(0, sums.toArray(INDArray[]::new)));
        outcome.put("directions", Nd4j.stack(0, directions.toArray(INDArray[]::new)));
        INDArray q = ThinQr.of(run.state("dion.query")).q();
        outcome.put("Q_projector", q.mmul(q.transpose()));
    }
}
