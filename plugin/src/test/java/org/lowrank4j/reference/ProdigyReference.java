package org.lowrank4j.reference;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.lowrank4j.method.Kept;
import org.lowrank4j.updater.Prodigy;

/** Prodigy, with the distance that it finds. */
public final class ProdigyReference extends UpdaterCases {

    private final List<Double> distances = new ArrayList<>();

    public ProdigyReference() {
        super(
                new Prodigy(),
                List.of("m_state", "v_state", "s_state"),
                Map.of(
                        "beta1", "beta1",
                        "beta2", "beta2",
                        "eps", "epsilon",
                        "d0", "first",
                        "d_coef", "coefficient",
                        "growth_rate", "growth"));
    }

    @Override
    Map<String, String> more(ReferenceCase given) {
        distances.clear();
        Map<String, String> more = new HashMap<>();
        more.put("prodigy.correction", given.text("use_bias_correction").equals("true") ? "yes" : "no");
        return more;
    }

    @Override
    void stepped(Kept kept) {
        distances.add(kept.state().get("prodigy.distance").getDouble(0));
    }

    @Override
    void finished(ReferenceCase given, Outcome outcome) {
        outcome.put(
                "d_steps", distances.stream().mapToDouble(Double::doubleValue).toArray());
    }
}
