package org.lowrank4j.reference;

import java.util.List;
import java.util.Map;
import org.lowrank4j.updater.AdaBelief;

/** AdaBelief, rectified and in the form of the paper. */
public final class AdabeliefReference extends UpdaterCases {

    public AdabeliefReference() {
        super(
                new AdaBelief(),
                List.of("m_state", "s_state"),
                Map.of("beta1", "beta1", "beta2", "beta2", "eps", "epsilon"));
    }

    @Override
    Map<String, String> more(ReferenceCase given) {
        return Map.of("adabelief.rectify", given.text("rectify").equals("true") ? "yes" : "no");
    }

    @Override
    boolean isCoupled(ReferenceCase given) {
        return given.text("decay").equals("coupled");
    }

    @Override
    void finished(ReferenceCase given, Outcome outcome) {
        outcome.notProduced("sma_length", "the length is seen in the steps only");
    }
}
