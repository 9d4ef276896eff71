package org.lowrank4j.tests.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.SingularValueDecomposition;
import org.deeplearning4j.datasets.iterator.ExistingDataSetIterator;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.parallelism.ParallelWrapper;
import org.deeplearning4j.parallelism.trainer.Trainer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;

/** A thousand rounds of averaging: replicas stay together, and nothing is kept. */
@Tag("slow")
class ReplicasSoakTest {

    private static final int ROUNDS = 1000;
    private static final int WORKERS = 2;
    private static final int INPUTS = 12;
    private static final int WIDTH = 24;
    private static final int CLASSES = 3;
    private static final int BATCH = 8;
    private static final int RANK = 4;

    /** Fits that buffers need to find their sizes. */
    private static final int WARM_UP = 10;

    private static final int ROUNDS_OF_FIT = 20;

    /** The JVM's own caches: less than 200 bytes a round. */
    private static final long HEAP = 192 * 1024;

    @LowRank(rank = RANK)
    private static MultiLayerNetwork network(DataType type) {
        return stock(type);
    }

    private static MultiLayerNetwork stock(DataType type) {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .seed(7)
                .dataType(type)
                .updater(new Adam(3e-3))
                .list()
                .layer(dense(INPUTS))
                .layer(dense(WIDTH))
                .layer(new OutputLayer.Builder()
                        .nIn(WIDTH)
                        .nOut(CLASSES)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
        network.init();
        return network;
    }

    private static DenseLayer dense(int inputs) {
        return new DenseLayer.Builder()
                .nIn(inputs)
                .nOut(WIDTH)
                .activation(Activation.TANH)
                .build();
    }

    private static ParallelWrapper wrapper(MultiLayerNetwork network) {
        return new ParallelWrapper.Builder<>(network)
                .workers(WORKERS)
                .prefetchBuffer(0)
                .averagingFrequency(1)
                .trainingMode(ParallelWrapper.TrainingMode.AVERAGING)
                .build();
    }

    private static List<DataSet> batches(DataType type) {
        Nd4j.getRandom().setSeed(11);
        List<DataSet> batches = new ArrayList<>();
        for (int i = 0; i < 2 * WORKERS; i++) {
            INDArray labels = Nd4j.zeros(type, BATCH, CLASSES);
            for (int row = 0; row < BATCH; row++) {
                labels.putScalar(row, (row + i) % CLASSES, 1);
            }
            batches.add(new DataSet(Nd4j.randn(type, BATCH, INPUTS), labels));
        }
        return batches;
    }

    /** @param end what is done when all minibatches have been trained on, and the replicas are there still */
    private static void fit(ParallelWrapper wrapper, List<DataSet> batches, int rounds, Runnable end) {
        wrapper.fit(new ExistingDataSetIterator(new Iterator<>() {

            private int given;

            @Override
            public boolean hasNext() {
                if (given == rounds * WORKERS) {
                    end.run();
                }
                return given < rounds * WORKERS;
            }

            @Override
            public DataSet next() {
                return batches.get(given++ % batches.size());
            }
        }));
    }

    private static INDArray parameters(ParallelWrapper wrapper, int worker) {
        try {
            Field zoo = ParallelWrapper.class.getDeclaredField("zoo");
            zoo.setAccessible(true);
            return ((Trainer[]) zoo.get(wrapper))[worker].getModel().params();
        } catch (ReflectiveOperationException otherDl4j) {
            throw new AssertionError(otherDl4j);
        }
    }

    /** Each rounds its weights by itself. */
    @ParameterizedTest
    @EnumSource(names = {"FLOAT", "DOUBLE"})
    void replicasStayTogether(DataType type) {
        MultiLayerNetwork network = network(type);
        ParallelWrapper wrapper = wrapper(network);
        List<Double> apart = new ArrayList<>();
        fit(wrapper, batches(type), ROUNDS, () -> {
            INDArray one = parameters(wrapper, 0);
            apart.add(one.sub(parameters(wrapper, 1)).norm2Number().doubleValue()
                    / one.norm2Number().doubleValue());
        });
        double precision = type == DataType.FLOAT ? Math.ulp(1f) : Math.ulp(1d);
        System.out.println(type + ": replicas differ by " + apart + " after " + ROUNDS + " rounds");
        // A random walk of half a unit in the last place, of sqrt(1000) steps.
        assertTrue(apart.get(0) < 32 * precision, apart::toString);
        INDArray change =
                network.getLayer(1).getParam("W").sub(stock(type).getLayer(1).getParam("W"));
        double[] values =
                new SingularValueDecomposition(new Array2DRowRealMatrix(change.toDoubleMatrix())).getSingularValues();
        assertTrue(values[RANK - 1] > 1e-3 * values[0], "it has not moved in all of its directions");
        assertTrue(
                values[RANK] < 1000 * precision * values[0], () -> values[RANK] / values[0] + " of another direction");
    }

    /** What a process holds after a thousand rounds in many fits more than after the first of them. */
    private record Growth(long heap, long arrays, long threads, int files) {}

    private static Growth growth(MultiLayerNetwork network) throws IOException {
        List<DataSet> batches = batches(DataType.FLOAT);
        ParallelWrapper wrapper = wrapper(network);
        fits(wrapper, batches, WARM_UP);
        Footprint before = Footprint.afterCollection();
        int files = openFiles();
        fits(wrapper, batches, ROUNDS / ROUNDS_OF_FIT);
        Footprint after = Footprint.afterCollection();
        return new Growth(
                after.heap() - before.heap(),
                after.arrays() - before.arrays(),
                after.threads() - before.threads(),
                openFiles() - files);
    }

    private static void fits(ParallelWrapper wrapper, List<DataSet> batches, int fits) {
        for (int i = 0; i < fits; i++) {
            fit(wrapper, batches, ROUNDS_OF_FIT, () -> {});
        }
    }

    /** DL4J itself keeps four workspaces of each thread of each fit. */
    @Test
    void fitsKeepNoMoreThanStockOnes() throws IOException {
        Growth stock = growth(stock(DataType.FLOAT));
        Growth adapted = growth(network(DataType.FLOAT));
        System.out.println("stock " + stock + ", with adapters " + adapted);
        assertTrue(adapted.heap() < stock.heap() + HEAP, () -> stock + " " + adapted);
        assertTrue(adapted.arrays() <= stock.arrays(), () -> stock + " " + adapted);
        assertEquals(0, adapted.threads(), adapted::toString);
        assertEquals(0, adapted.files(), adapted::toString);
    }

    /** Of this process; 0 where the system does not tell. */
    private static int openFiles() {
        String[] open = new File("/proc/self/fd").list();
        return open == null ? 0 : open.length;
    }
}
