package org.lowrank4j.engine;

import java.util.Locale;
import org.lowrank4j.report.PlanReport;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What one of the workers on a network sends each time, in bytes.
 *
 * @param stock what it would send of a network without adapters
 * @param inFull the part of the trained entries that belong to no adapter, from 0 to 1
 * @param compressed whether what is sent is another part of them
 */
record Traffic(long sent, long stock, double inFull, boolean compressed) {

    /**
     * That of a training.
     *
     * @param states whether the states of the updaters are sent
     * @param weights whether the weights with adapters are
     */
    static Traffic of(Session session, NetworkParts network, boolean states, boolean weights) {
        FittedNetwork fitted = session.fitted();
        PlanReport.Memory memory = fitted.memory(network);
        INDArray vector = fitted.gradient().vector();
        long width = vector.dataType().width();
        long sent = vector.length() * width + (states ? memory.updaterBytes() : 0);
        if (weights) {
            sent += fitted.matrices().stream()
                    .mapToLong(matrix -> matrix.weight().length() * width)
                    .sum();
        }
        long adapters = fitted.adapterEntries().values().stream()
                .mapToLong(Long::longValue)
                .sum();
        return new Traffic(
                sent,
                memory.stockGradientBytes() + (states ? memory.stockUpdaterBytes() : 0),
                (double) (vector.length() - adapters) / vector.length(),
                false);
    }

    /** The same where so many bytes are sent, in the place of what they would be. */
    Traffic sending(long bytes) {
        return new Traffic(bytes, stock, inFull, bytes != sent);
    }

    /** @param each when it is sent, and how */
    String text(String each) {
        return String.format(
                Locale.ROOT,
                "%,d bytes %s where stock sends %,d (1/%.3g); %s%.0f %% of it is what trains in full",
                sent,
                each,
                stock,
                (double) stock / sent,
                compressed ? "before compression, " : "",
                100 * inFull);
    }
}
