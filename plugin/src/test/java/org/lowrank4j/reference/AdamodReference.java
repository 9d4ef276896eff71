package org.lowrank4j.reference;

import java.util.List;
import java.util.Map;
import org.lowrank4j.updater.AdaMod;

/** AdaMod, whose bound holds for most entries at first. */
public final class AdamodReference extends UpdaterCases {

    public AdamodReference() {
        super(
                new AdaMod(),
                List.of("m_state", "v_state", "rate_mean"),
                Map.of("beta1", "beta1", "beta2", "beta2", "beta3", "beta3", "eps", "epsilon"));
    }

    @Override
    void finished(ReferenceCase given, Outcome outcome) {
        outcome.notProduced("share_limited", "which entries are bound is seen in the steps only");
    }
}
