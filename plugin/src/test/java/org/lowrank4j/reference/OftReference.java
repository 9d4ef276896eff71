package org.lowrank4j.reference;

import java.util.HashMap;
import java.util.Map;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.Oft;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** OFT by both formulas, with shared and with constrained blocks. */
public final class OftReference implements Reference {

    @Override
    public String method() {
        return "oft";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        Map<String, String> options = new HashMap<>();
        options.put("oft.block", Integer.toString(given.whole("block_size")));
        options.put("oft.share", given.text("block_share").equals("true") ? "yes" : "no");
        options.put(
                "oft.terms",
                given.hasNumber("neumann_terms") ? Integer.toString(given.whole("neumann_terms")) : "exact");
        if (given.hasNumber("coft_eps")) {
            options.put("oft.constrained", "yes");
            options.put("oft.radius", Double.toString(given.number("coft_eps")));
        }
        TargetWeight target = Targets.target(given.input("W", type), 1, 1, 1, options);
        TargetUpdate update = new Oft().attach(target);
        update.start();
        Targets.moveTo(update, given.input("V", type));
        outcome.put("W_effective", target.weight());
        if (given.expects("V_used")) {
            outcome.put("V_used", Targets.value(update, 0));
        }
        Targets.put(given, update, target, outcome, "dV");

        // What W0 = I becomes is R.
        TargetWeight unit = Targets.target(Nd4j.eye(target.inputs()).castTo(type), 1, 1, 1, options);
        TargetUpdate ofUnit = new Oft().attach(unit);
        ofUnit.start();
        Targets.moveTo(ofUnit, given.input("V", type));
        outcome.put("R", unit.weight());
    }
}
