package org.lowrank4j.reference;

import java.util.List;
import java.util.Map;
import org.lowrank4j.updater.DiffGrad;

/** diffGrad, whose weight decay is part of the gradient. */
public final class DiffgradReference extends UpdaterCases {

    public DiffgradReference() {
        super(
                new DiffGrad(),
                List.of("m_state", "v_state"),
                Map.of("beta1", "beta1", "beta2", "beta2", "eps", "epsilon"));
    }

    @Override
    boolean isCoupled(ReferenceCase given) {
        return true;
    }

    @Override
    void finished(ReferenceCase given, Outcome outcome) {
        outcome.notProduced("friction", "the friction is seen in the steps only");
    }
}
