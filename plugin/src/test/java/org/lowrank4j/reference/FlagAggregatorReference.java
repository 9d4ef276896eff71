package org.lowrank4j.reference;

import org.lowrank4j.gradient.exchange.FlagReplicas;
import org.nd4j.linalg.api.buffer.DataType;

/** Flag Aggregator, from an orthonormal start. */
public final class FlagAggregatorReference implements Reference {

    @Override
    public String method() {
        return "flag_aggregator";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        FlagReplicas replicas = new FlagReplicas(
                given.input("gradients", type),
                given.input("Y0", DataType.DOUBLE),
                given.whole("r"),
                given.whole("iterations"),
                given.number("lambda_"));
        FlagReplicas.Inside inside = replicas.new Inside();
        outcome.put("subspace", inside.projector());
        outcome.put("values", inside.captured());
        outcome.put("objective", inside.objectives());
        outcome.put("aggregate", replicas.aggregate("unit"));
    }
}
