package org.lowrank4j.tests.spark.program;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.parallelism.ParallelWrapper;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;

/** ParallelWrapper averages after every minibatch: the processor's time a minibatch. Arguments: replicas, width, rounds. */
public final class ReplicaSteps {

    private static final int INPUTS = 64;
    private static final int CLASSES = 8;
    private static final int BATCH = 32;

    private ReplicaSteps() {}

    public static void main(String[] arguments) {
        int replicas = Integer.parseInt(arguments[0]);
        int width = Integer.parseInt(arguments[1]);
        int rounds = Integer.parseInt(arguments[2]);
        ParallelWrapper wrapper = new ParallelWrapper.Builder<>(network(width))
                .workers(replicas)
                .prefetchBuffer(0)
                .averagingFrequency(1)
                .trainingMode(ParallelWrapper.TrainingMode.AVERAGING)
                .build();
        fit(wrapper, replicas, rounds);
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long start = system.getProcessCpuTime();
        fit(wrapper, replicas, rounds);
        double nanos = system.getProcessCpuTime() - start;
        System.out.println("result milliseconds " + nanos / 1e6 / (rounds * replicas));
    }

    private static void fit(ParallelWrapper wrapper, int replicas, int rounds) {
        List<DataSet> batches = new ArrayList<>();
        for (int i = 0; i < replicas * rounds; i++) {
            batches.add(new DataSet(
                    Nd4j.randn(DataType.FLOAT, BATCH, INPUTS), Nd4j.ones(DataType.FLOAT, BATCH, CLASSES).divi(CLASSES)));
        }
        wrapper.fit(new ListDataSetIterator<>(batches, 1));
    }

    private static MultiLayerNetwork network(int width) {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .seed(7)
                .updater(new Adam(1e-3))
                .activation(Activation.TANH)
                .list()
                .layer(new DenseLayer.Builder().nIn(INPUTS).nOut(width).build())
                .layer(new DenseLayer.Builder().nIn(width).nOut(width).build())
                .layer(new OutputLayer.Builder()
                        .nIn(width)
                        .nOut(CLASSES)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
        network.init();
        return network;
    }
}
