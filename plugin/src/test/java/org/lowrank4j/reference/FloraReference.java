package org.lowrank4j.reference;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.lowrank4j.gradient.Bases;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.Problem;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Flora: steps with the projectors of the file, and a sum of projected gradients. */
public final class FloraReference implements Reference {

    @Override
    public String method() {
        return "flora";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        if (given.hasInput("projection")) {
            accumulate(given, type, outcome);
            return;
        }
        INDArray projections = given.input("projections", type);
        List<INDArray> projectors = new ArrayList<>();
        for (int i = 0; i < projections.size(0); i++) {
            projectors.add(projector(given, projections.slice(i)));
        }
        MatrixRun run = new MatrixRun(
                Bases.flora(projectors),
                given,
                type,
                given.whole("r"),
                Map.of(
                        "flora.refresh", Integer.toString(given.whole("kappa")),
                        "flora.momentum", Double.toString(given.number("beta1")),
                        "flora.clip", Double.toString(given.number("clip_threshold")),
                        "flora.decay", Double.toString(-given.number("decay_rate"))));
        while (run.hasNext()) {
            run.step();
        }
        outcome.put("W_steps", run.weights());
        outcome.put("compressed_momentum", run.state("flora.momentum"));
        outcome.put("second_row", run.state("flora.rows"));
        outcome.put("second_column", run.state("flora.columns"));
    }

    private static INDArray projector(ReferenceCase given, INDArray projection) {
        return projection.transpose().div(Math.sqrt(given.whole("r")));
    }

    private static void accumulate(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray gradients = given.input("gradients", type);
        TargetWeight target = Targets.target(
                Nd4j.zeros(type, gradients.size(1), gradients.size(2)), given.whole("r"), 1, 1, Map.of());
        INDArray projector = projector(given, given.input("projection", type));
        INDArray sum = Bases.compressed(target, projector, gradients.slice(0));
        for (int i = 1; i < gradients.size(0); i++) {
            sum.addi(Bases.compressed(Problem.again(target), projector, gradients.slice(i)));
        }
        outcome.put("compressed", sum);
        outcome.put("decompressed", Bases.decompressed(Problem.again(target), projector, sum));
    }
}
