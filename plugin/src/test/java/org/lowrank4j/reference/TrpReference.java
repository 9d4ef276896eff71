package org.lowrank4j.reference;

import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.lowrank4j.decomposition.EnergyTruncation;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.Trp;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Trained Rank Pruning of dense weights: the truncation, the nuclear norm's sub-gradient and the split. */
public final class TrpReference implements Reference {

    @Override
    public String method() {
        return "trp";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray w = given.input("W", type);
        Assumptions.assumeTrue(w.rank() == 2, "skipped: the project truncates dense weights only");
        double lambda = given.number("nuclear_lambda");
        TargetWeight target = Targets.target(
                w,
                1,
                1,
                1,
                Map.of(
                        "trp.energy", String.valueOf(given.number("e_keep")),
                        "trp.nuclear-weight", String.valueOf(lambda)));
        TargetUpdate update = new Trp().attach(target);
        update.start();
        outcome.put("W_truncated", target.weight());
        INDArray gradient = Targets.views(update, w)[0].assign(0);
        update.beforeUpdater(new INDArray[] {gradient}, new INDArray[1]);
        outcome.put("nuclear_term", gradient);
        outcome.put("subgradient", update.kept().state().get("nuclear"));

        EnergyTruncation truncation = EnergyTruncation.of(w, given.number("e_keep"));
        outcome.put("k", truncation.rank());
        outcome.put("A", truncation.left());
        outcome.put("B", truncation.right());
        double[] values = ThinSvd.of(w).singularValues();
        outcome.put("singular_values", values);
        double total = Arrays.stream(values).map(value -> value * value).sum();
        double[] energy = new double[values.length];
        double kept = 0;
        for (int i = 0; i < energy.length; i++) {
            kept += values[i] * values[i];
            energy[i] = kept / total;
        }
        outcome.put("energy", energy);
    }
}
