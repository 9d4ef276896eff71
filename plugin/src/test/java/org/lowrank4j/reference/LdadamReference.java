package org.lowrank4j.reference;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.lowrank4j.gradient.LdAdam;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** LDAdam: steps with and without what they leave out, bases and errors. */
public final class LdadamReference implements Reference {

    @Override
    public String method() {
        return "ldadam";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        boolean feedback = given.text("error_feedback").equals("true");
        MatrixRun run = new MatrixRun(
                new LdAdam(),
                given,
                type,
                given.whole("r"),
                Map.of(
                        "ldadam.beta1", Double.toString(given.number("beta1")),
                        "ldadam.beta2", Double.toString(given.number("beta2")),
                        "ldadam.rho", Double.toString(given.number("rho")),
                        "ldadam.epsilon", Double.toString(given.number("eps")),
                        "ldadam.feedback", feedback ? "yes" : "no"));
        List<INDArray> projectors = new ArrayList<>();
        List<INDArray> errors = new ArrayList<>();
        while (run.hasNext()) {
            run.step();
            INDArray basis = run.state("ldadam.projector");
            projectors.add(basis.mmul(basis.transpose()));
            if (feedback) {
                errors.add(run.state("ldadam.error").dup());
            }
        }
        outcome.put("W_steps", run.weights());
        outcome.put("projectors", Nd4j.stack(0, projectors.toArray(INDArray[]::new)));
        if (feedback) {
            outcome.put("errors", Nd4j.stack(0, errors.toArray(INDArray[]::new)));
        }
    }
}
