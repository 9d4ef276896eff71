package org.lowrank4j.gradient;

import java.util.Optional;
import org.lowrank4j.update.FactorUpdate;
import org.lowrank4j.update.LowRankUpdate;
import org.lowrank4j.update.WeightUpdate;
import org.lowrank4j.update.WholeNetworkUpdate;

/** What an approximation needs of an update, with the reason where the update does not have it. */
final class Needs {

    private Needs() {}

    /** That A and B train, and are at the step what the backward pass saw. */
    static Optional<String> factors(LowRankUpdate update) {
        if (update instanceof FactorUpdate factors) {
            return factors.exchange()
                    .map(exchange -> "it works out the gradients of A and B from A and B themselves, and " + exchange);
        }
        return Optional.of("it works on the gradients of two trained factors A and B, which the update does not have");
    }

    /** That W itself trains, tensor by tensor. */
    static Optional<String> weight(LowRankUpdate update) {
        if (update instanceof WeightUpdate) {
            return steps(update);
        }
        return Optional.of(
                "it makes the step of W from the directions of dL/dW, and the update trains other tensors, whose"
                        + " gradients have no more directions than they have");
    }

    /** That what trains is stepped tensor by tensor. */
    static Optional<String> steps(LowRankUpdate update) {
        return update instanceof WholeNetworkUpdate
                ? Optional.of(
                        "it makes the steps of the tensors, and the update moves the whole network by the steps of fewer"
                                + " numbers")
                : Optional.empty();
    }
}
