package org.lowrank4j.reference;

import java.util.Map;
import java.util.Random;
import org.lowrank4j.initialisation.Corda;
import org.lowrank4j.initialisation.Start;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.rule.Scaling;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** CorDA: the split of W weighted by the covariance of its inputs, in both modes. */
public final class CordaReference implements Reference {

    @Override
    public String method() {
        return "corda";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        int rank = given.whole("r");
        double scale = Scaling.STANDARD.scale(given.number("alpha"), rank);
        INDArray w = given.input("W", type);
        INDArray x = given.input("X", type);
        Map<String, String> options =
                Map.of("corda.mode", given.text("mode"), "corda.damping", Double.toString(given.number("damp")));
        Corda.InputCovariance seen = (Corda.InputCovariance)
                new Corda().statistics(Targets.target(w, rank, given.number("alpha"), scale, options));
        for (int sample = 0; sample < x.size(0); sample++) {
            seen.observe(x.slice(sample));
        }
        Start start = new Start(
                "layer0",
                w,
                rank,
                given.number("alpha"),
                scale,
                1e-3,
                null,
                seen,
                new Random(1),
                new OptionValues(new Corda(), options));
        Corda.DampedCovariance damped =
                Corda.DampedCovariance.of("layer0", seen.covariance(), seen.rows(), given.number("damp"));
        outcome.put("C", seen.covariance());
        outcome.put("C_damped", damped.matrix());
        outcome.put("singular_values", Corda.weighted(damped, start).singularValues());
        WeightSplits.report(w, scale, new Corda().start(start), outcome);
    }
}
