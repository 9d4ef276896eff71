package org.lowrank4j.reference;

import java.util.Arrays;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.initialisation.Milora;
import org.nd4j.linalg.api.buffer.DataType;

/** MiLoRA: the minor singular triplets as factors. */
public final class MiloraReference implements Reference {

    @Override
    public String method() {
        return "milora";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        WeightSplits.split(given, type, new Milora(), outcome);
        double[] values = ThinSvd.of(given.input("W", type)).singularValues();
        outcome.put("singular_values", values);
        outcome.put("S_last", Arrays.copyOfRange(values, values.length - given.whole("r"), values.length));
    }
}
