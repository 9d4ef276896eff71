package org.lowrank4j.reference;

import java.util.Arrays;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.initialisation.Pissa;
import org.nd4j.linalg.api.buffer.DataType;

/** PiSSA: the principal singular triplets as factors. */
public final class PissaReference implements Reference {

    private static final double ROUNDING = 1e-14;

    @Override
    public String method() {
        return "pissa";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        WeightSplits.split(given, type, new Pissa(), outcome);
        double[] values = ThinSvd.of(given.input("W", type)).singularValues();
        int rank = given.whole("r");
        outcome.put("singular_values", values);
        outcome.put("S_top", Arrays.copyOf(values, rank));
        // What is 0 up to rounding is recorded as 0.
        double next = rank < values.length ? values[rank] : 0;
        outcome.put("sigma_next", next <= ROUNDING * values[0] ? 0 : next);
    }
}
