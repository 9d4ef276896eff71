package org.lowrank4j.graph;

import java.util.concurrent.atomic.AtomicBoolean;
import org.lowrank4j.Console;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.common.config.ND4JSystemProperties;
import org.nd4j.linalg.api.ops.impl.loss.BaseLoss;
import org.nd4j.linalg.dataset.adapter.SingletonMultiDataSetIterator;

/**
 * A fault of SameDiff 1.0.0-M2.1: with one of the library's losses, a session takes arrays from its cache that are not
 * cleared, and every gradient of a fit from an iterator but the first is wrong.
 */
final class StockFault {

    private static final AtomicBoolean SAID = new AtomicBoolean();

    private StockFault() {}

    /** Says it once, if a graph that trains as stock is about to meet it. */
    static void warn(SameDiff graph, Object iterator) {
        SameDiff gradients = graph.getFunction("grad");
        boolean meets = !(iterator instanceof SingletonMultiDataSetIterator)
                && !"false".equals(System.getProperty(ND4JSystemProperties.SAMEDIFF_MEMORY_CACHE_DISABLE))
                && (gradients == null || gradients.isEnableCache())
                && graph.getOps().values().stream().anyMatch(operation -> operation.getOp() instanceof BaseLoss);
        if (meets && SAID.compareAndSet(false, true)) {
            Console.warn(
                    "SameDiff 1.0.0-M2.1 trains wrongly from an iterator with one of its own losses, from the second"
                            + " batch on: its session hands out arrays that are not cleared. Start the JVM with"
                            + " -Dorg.nd4j.autodiff.samediff=false, or give fit one DataSet at a time.");
        }
    }
}
