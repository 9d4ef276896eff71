package org.lowrank4j.reference;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.lowrank4j.gradient.Apollo;
import org.lowrank4j.gradient.ApolloMini;
import org.lowrank4j.gradient.GradientApproximation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** APOLLO in both forms, with the projector of the file. */
public final class ApolloReference implements Reference {

    @Override
    public String method() {
        return "apollo";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        boolean perChannel = given.text("scale_type").equals("channel");
        GradientApproximation apollo = perChannel ? new Apollo() : new ApolloMini();
        SubspaceRun run = new SubspaceRun(apollo, given, type, "scale");
        // On step 0 a projector would be drawn.
        Targets.restore(
                run.update(),
                Map.of(
                        apollo.name() + ".projector", given.input("P", type),
                        apollo.name() + ".step", Nd4j.createFromArray(1L)));
        List<Double> limiter = new ArrayList<>();
        List<INDArray> factors = new ArrayList<>();
        for (int t = 1; run.hasNext(); t++) {
            SubspaceRun.Step unlimited = run.unlimited();
            double rest = run.rate() * Math.sqrt(given.number("scale"));
            factors.add(factors(unlimited.step(), run.gradient(), perChannel).divi(rest));
            limiter.add(unlimited.length() / run.step());
            outcome.put("W_" + t, run.weight().dup());
        }
        outcome.put("phi", Nd4j.stack(0, factors.toArray(INDArray[]::new)));
        outcome.put("limiter", limiter.stream().mapToDouble(Double::doubleValue).toArray());
    }

    /** How many times longer a step is than the gradient: per row of a tall matrix, per column of another, or in all. */
    private static INDArray factors(INDArray step, INDArray gradient, boolean perChannel) {
        INDArray made = step.castTo(DataType.DOUBLE);
        INDArray given = gradient.castTo(DataType.DOUBLE);
        int along = given.size(0) > given.size(1) ? 1 : 0;
        return perChannel
                ? made.norm2(along).div(given.norm2(along))
                : made.norm2().div(given.norm2()).reshape(1);
    }
}
