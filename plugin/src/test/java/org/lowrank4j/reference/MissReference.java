package org.lowrank4j.reference;

import java.util.Locale;
import java.util.Map;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.Miss;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;

/** MiSS in its three forms: the change of W, and the gradient of the block. */
public final class MissReference implements Reference {

    @Override
    public String method() {
        return "miss";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        Map<String, String> options = Map.of(
                "miss.form",
                given.text("variant"),
                "miss.mini",
                given.hasNumber("mini_r") ? String.format(Locale.ROOT, "%d", given.whole("mini_r")) : "1");
        TargetWeight target = Targets.target(given.input("W", type), given.whole("r"), 1, 1, options);
        TargetUpdate update = new Miss().attach(target);
        update.start();
        Targets.moveTo(update, given.input("block", type));
        Targets.put(given, update, target, outcome, "d_block");
    }
}
