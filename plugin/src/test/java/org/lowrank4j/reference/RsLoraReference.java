package org.lowrank4j.reference;

import java.util.Arrays;
import org.lowrank4j.rule.Scaling;
import org.nd4j.linalg.api.buffer.DataType;

/** rsLoRA: LoRA at the scale alpha / sqrt(r). */
public final class RsLoraReference implements Reference {

    @Override
    public String method() {
        return "rslora";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        LoraReference.lora(given, type, Scaling.RSLORA, outcome);
        outcome.put(
                "scale_table",
                Arrays.stream(given.wholeNumbers("rank_table"))
                        .mapToDouble(rank -> Scaling.RSLORA.scale(given.number("alpha"), rank))
                        .toArray());
    }
}
