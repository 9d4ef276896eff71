package org.lowrank4j.reference;

import java.util.List;
import java.util.Map;
import org.lowrank4j.updater.AdEmaMix;

/** AdEMAMix, with and without its warm-ups, which have one length here as in the cases. */
public final class AdemamixReference extends UpdaterCases {

    public AdemamixReference() {
        super(
                new AdEmaMix(),
                List.of("m_fast", "m_slow", "v"),
                Map.of(
                        "beta1", "beta1",
                        "beta2", "beta2",
                        "beta3", "beta3",
                        "alpha", "alpha",
                        "eps", "epsilon",
                        "alpha_warmup", "warmup"));
    }

    @Override
    void finished(ReferenceCase given, Outcome outcome) {
        outcome.notProduced("alpha_t", "the weight is seen in the steps only");
        outcome.notProduced("beta3_t", "the decay is seen in the slow mean only");
    }
}
