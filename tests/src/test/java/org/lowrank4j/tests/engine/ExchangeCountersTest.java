package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.parallelism.ParallelWrapper;
import org.deeplearning4j.parallelism.ParallelWrapper.TrainingMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.learning.config.Sgd;

/** JMX tells how far replicas have come, as long as they train. */
class ExchangeCountersTest {

    private static final int WORKERS = 2;
    private static final int ROUNDS = 4;

    /** Factors of rank 2 of two hidden layers, and the output layer, in double. */
    private static final long BYTES = (2 * (6 + 8) + 2 * (8 + 7) + 7 * 3 + 3) * Double.BYTES;

    private static List<Object> seen() {
        return seen("Exchange", "Replicas", "Rounds", "Bytes");
    }

    /** The attributes of all networks that exchange anything now. */
    static List<Object> seen(String... attributes) {
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();
        try {
            Set<ObjectName> names = server.queryNames(new ObjectName("org.lowrank4j:type=Exchange,*"), null);
            List<Object> seen = new ArrayList<>();
            for (ObjectName name : names) {
                for (String attribute : attributes) {
                    seen.add(server.getAttribute(name, attribute));
                }
            }
            return seen;
        } catch (JMException failed) {
            throw new AssertionError(failed);
        }
    }

    /** @param looks what is done when a fit asks for its first minibatch */
    private static DataSetIterator batches(Runnable looks) {
        List<DataSet> batches = new ArrayList<>();
        for (int i = 0; i < WORKERS * ROUNDS; i++) {
            batches.add(Data.classes(i, DataType.DOUBLE, 8, Nets.INPUTS, Nets.CLASSES));
        }
        return new ListDataSetIterator<>(batches, 1) {

            private static final long serialVersionUID = 1L;

            private boolean asked;

            @Override
            public DataSet next() {
                if (!asked) {
                    asked = true;
                    looks.run();
                }
                return super.next();
            }
        };
    }

    private static MultiLayerNetwork network(String exchange) {
        return network(Map.of("exchange", exchange));
    }

    private static MultiLayerNetwork network(Map<String, String> exchange) {
        Map<String, String> arguments = new HashMap<>(exchange);
        arguments.put("rank", "2");
        MultiLayerNetwork[] made = new MultiLayerNetwork[1];
        JvmRules.with(
                arguments, () -> made[0] = Nets.initialised(Nets.layers(Nets.settings(DataType.DOUBLE, new Sgd(0.1)))));
        return made[0];
    }

    private static ParallelWrapper wrapper(MultiLayerNetwork network, TrainingMode mode) {
        return new ParallelWrapper.Builder<>(network)
                .workers(WORKERS)
                .prefetchBuffer(0)
                .averagingFrequency(1)
                .trainingMode(mode)
                .build();
    }

    @ParameterizedTest
    @CsvSource({"factors,AVERAGING", "mean,AVERAGING", "mean,SHARED_GRADIENTS", "encoded,SHARED_GRADIENTS"})
    void jmxCountsWhileReplicasTrain(String exchange, TrainingMode mode) {
        ParallelWrapper wrapper = wrapper(network(exchange), mode);
        List<Object> first = new ArrayList<>();
        List<Object> second = new ArrayList<>();
        wrapper.fit(batches(() -> first.addAll(seen())));
        assertEquals(List.of(), seen());
        wrapper.fit(batches(() -> second.addAll(seen())));
        assertEquals(List.of(exchange, WORKERS, 0L, 0L), first);
        assertEquals(List.of(exchange, WORKERS, (long) ROUNDS, ROUNDS * WORKERS * BYTES), second);
        assertEquals(List.of(), seen());
    }

    /** The steps that go whole count as such, and those that are compressed as such. */
    @Test
    void jmxCountsWhatEachStepSends() {
        long[] sent = new long[ROUNDS + 1];
        for (int whole = 0; whole <= ROUNDS; whole++) {
            ParallelWrapper wrapper = wrapper(
                    network(Map.of(
                            "exchange", "powersgd",
                            "powersgd.rank", "1",
                            "powersgd.least-ratio", "0.1",
                            "powersgd.start", String.valueOf(whole))),
                    TrainingMode.AVERAGING);
            List<Object> second = new ArrayList<>();
            wrapper.fit(batches(() -> {}));
            wrapper.fit(batches(() -> second.addAll(seen())));
            assertEquals(List.of("powersgd", WORKERS, (long) ROUNDS), second.subList(0, 3));
            sent[whole] = (long) second.get(3);
        }
        // Of each matrix a column and a row, in the place of two columns of A and B, or of the weights of the output
        // layer.
        long compressed = (2 + 6 + 2 + 8 + 2 + 8 + 2 + 7 + 7 + 3 + 3) * Double.BYTES;
        for (int whole = 0; whole <= ROUNDS; whole++) {
            assertEquals(
                    WORKERS * (whole * BYTES + (ROUNDS - whole) * compressed), sent[whole], "whole steps: " + whole);
        }
    }

    @Test
    void afterAFailureJmxForgetsThem() {
        ParallelWrapper wrapper = wrapper(network("factors"), TrainingMode.AVERAGING);
        DataSetIterator failing = batches(() -> {
            throw new IllegalStateException("no data");
        });
        assertThrows(IllegalStateException.class, () -> wrapper.fit(failing));
        assertEquals(List.of(), seen());
    }
}
