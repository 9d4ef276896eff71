package org.lowrank4j.reference;

import org.lowrank4j.decomposition.ThinQr;
import org.lowrank4j.gradient.exchange.FlagReplicas;
import org.nd4j.linalg.api.buffer.DataType;

/** Flag Aggregator, by a second set of numbers, from the Q of a matrix. */
public final class SecondFlagReference implements Reference {

    @Override
    public String method() {
        return "flagaggregator";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        FlagReplicas replicas = new FlagReplicas(
                given.input("G", type),
                ThinQr.of(given.input("Y_raw", DataType.DOUBLE)).q(),
                given.whole("rank"),
                given.whole("iterations"),
                given.number("lambda"));
        FlagReplicas.Inside inside = replicas.new Inside();
        outcome.put("projector", inside.projector());
        outcome.put("reconstruction_ratios", inside.captured());
        if (given.whole("iterations") < 4) {
            outcome.put("weights", inside.weights());
        } else {
            outcome.notProduced(
                    "weights",
                    "those of the fourth iteration come to 2e-9: a difference in the last place of a direction grows"
                            + " more than a millionfold on the way, and NumPy's own differ by 3e-9");
        }
        outcome.put("objective", inside.objectives());
        outcome.put("aggregate", replicas.aggregate("unit"));
        outcome.put("aggregate_mean", replicas.aggregate("mean"));
    }
}
