package org.lowrank4j.reference;

import java.util.Map;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.Hira;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;

/** HiRA: the change of W by parts of itself, and the gradients of A and B. */
public final class HiraReference implements Reference {

    @Override
    public String method() {
        return "hira";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        TargetWeight target = Targets.target(given.input("W", type), given.whole("r"), 1, 1, Map.of());
        TargetUpdate update = new Hira().attach(target);
        update.start();
        Targets.moveTo(update, given.input("A", type), given.input("B", type));
        Targets.put(given, update, target, outcome, "dA", "dB");
    }
}
