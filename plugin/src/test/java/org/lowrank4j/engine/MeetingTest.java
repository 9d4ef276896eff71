package org.lowrank4j.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.lowrank4j.gradient.exchange.GradientExchange;
import org.nd4j.linalg.factory.Nd4j;

@Timeout(60)
class MeetingTest {

    private static final int REPLICAS = 3;

    private final ExecutorService threads = Executors.newFixedThreadPool(REPLICAS);

    @AfterEach
    void end() {
        threads.shutdownNow();
    }

    /** Steps that do one thing. */
    private record Doing(Consumer<List<GradientExchange.Part>> what) implements GradientExchange.Steps {

        @Override
        public long combine(List<GradientExchange.Part> parts) {
            what.accept(parts);
            return 0;
        }

        @Override
        public long bytes() {
            return 0;
        }
    }

    private Meeting meeting(Consumer<List<GradientExchange.Part>> what) {
        Meeting meeting = new Meeting(new Doing(what), new ExchangeCounters(), REPLICAS);
        meeting.round(REPLICAS);
        return meeting;
    }

    private List<Future<Integer>> come(Meeting meeting, int replicas) {
        return IntStream.range(0, replicas)
                .mapToObj(i -> threads.submit(() -> meeting.exchange(i, Nd4j.zeros(1), i + 1)))
                .toList();
    }

    /** Whoever combines. */
    @Test
    void allGetWhatCombiningThrows() throws Exception {
        for (Throwable thrown : List.of(new IllegalStateException("bad"), new StackOverflowError("deep"))) {
            Meeting meeting = meeting(parts -> {
                if (thrown instanceof Error error) {
                    throw error;
                }
                throw (RuntimeException) thrown;
            });
            for (Future<Integer> one : come(meeting, REPLICAS)) {
                ExecutionException failed = assertThrows(ExecutionException.class, () -> one.get(30, TimeUnit.SECONDS));
                assertSame(thrown, failed.getCause().getCause());
            }
        }
    }

    @Test
    void whoHasLeftIsNotWaitedFor() throws Exception {
        Meeting meeting = meeting(parts -> assertEquals(
                List.of(0, 1),
                parts.stream().map(GradientExchange.Part::replica).toList()));
        List<Future<Integer>> present = come(meeting, 2);
        meeting.leave(2);
        for (Future<Integer> one : present) {
            assertEquals(1 + 2, one.get(30, TimeUnit.SECONDS));
        }
    }
}
