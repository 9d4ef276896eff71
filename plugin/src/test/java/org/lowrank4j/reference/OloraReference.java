package org.lowrank4j.reference;

import org.lowrank4j.initialisation.Olora;
import org.nd4j.linalg.api.buffer.DataType;

/** OLoRA: factors from a QR decomposition. */
public final class OloraReference implements Reference {

    @Override
    public String method() {
        return "olora";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        WeightSplits.split(given, type, new Olora(), outcome);
    }
}
