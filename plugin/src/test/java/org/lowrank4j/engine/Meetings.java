package org.lowrank4j.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.lowrank4j.gradient.exchange.GradientExchange;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Replicas without networks, each a thread, that meet in steps. */
public final class Meetings {

    private Meetings() {}

    /** One step: every gradient becomes what its replica goes on with. */
    public static void meet(GradientExchange.Steps steps, List<INDArray> gradients) {
        Meeting meeting = new Meeting(steps, new ExchangeCounters(), gradients.size());
        meeting.round(gradients.size());
        ExecutorService threads = Executors.newFixedThreadPool(gradients.size());
        try {
            List<Future<?>> all = new ArrayList<>();
            for (int i = gradients.size() - 1; i >= 0; i--) {
                int replica = i;
                all.add(threads.submit(() -> meeting.exchange(replica, gradients.get(replica), 4)));
            }
            for (Future<?> one : all) {
                one.get(60, TimeUnit.SECONDS);
            }
        } catch (InterruptedException | ExecutionException | TimeoutException failed) {
            throw new AssertionError("the replicas did not come through", failed);
        } finally {
            threads.shutdownNow();
        }
    }
}
