package org.lowrank4j.tests.spark.program;

import java.util.HashMap;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerBlockUpdated;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.storage.BlockUpdatedInfo;
import org.apache.spark.storage.BroadcastBlockId;

/** What came over the wire, as Spark itself tells: parts of broadcasts to executors, and results of tasks from them. */
final class Travelled extends SparkListener {

    private final Map<Object, Long> broadcasts = new HashMap<>();
    private long results;
    private long tasks;

    @Override
    public synchronized void onBlockUpdated(SparkListenerBlockUpdated event) {
        BlockUpdatedInfo info = event.blockUpdatedInfo();
        if (info.blockId().isBroadcast()
                && info.blockId().name().contains("piece")
                && info.storageLevel().isValid()
                && !info.blockManagerId().isDriver()) {
            broadcasts.merge(
                    ((BroadcastBlockId) info.blockId()).broadcastId(), info.memSize() + info.diskSize(), Long::sum);
        }
    }

    @Override
    public synchronized void onTaskEnd(SparkListenerTaskEnd event) {
        if (event.taskMetrics() != null) {
            results += event.taskMetrics().resultSize();
            tasks++;
        }
    }

    /** Listeners are told later, by a thread of Spark's. */
    void await(JavaSparkContext spark) {
        try {
            spark.sc().listenerBus().waitUntilEmpty();
        } catch (java.util.concurrent.TimeoutException late) {
            throw new IllegalStateException(late);
        }
    }

    /** Of all broadcasts, to all executors. */
    synchronized long broadcast() {
        return broadcasts.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Of the largest broadcast. */
    synchronized long largest() {
        return broadcasts.values().stream().mapToLong(Long::longValue).max().orElse(0);
    }

    synchronized long results() {
        return results;
    }

    synchronized long tasks() {
        return tasks;
    }
}
