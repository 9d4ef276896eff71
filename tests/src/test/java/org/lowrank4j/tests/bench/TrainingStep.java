package org.lowrank4j.tests.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.deeplearning4j.datasets.iterator.ExistingDataSetIterator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.factory.Nd4j;

/**
 * One {@code fit} as a user would write it: of one minibatch, or of all that an iterator over memory has. Whether the network
 * is adapted is the agent's business.
 *
 * <p>The labels turn with every step, so that no network can fit them: a vanishing loss would fill Adam's state with
 * denormal numbers, and their slow arithmetic would be what is timed.
 */
final class TrainingStep implements Work {

    private final int steps;
    private final Runnable fit;
    private final List<DataSet> data = new ArrayList<>();
    private int next;

    /** @param frozen whether all dense layers but the head are frozen, in DL4J's own way */
    TrainingStep(Workload workload, boolean frozen) {
        steps = workload.minibatches();
        fit = fit(BenchmarkNetworks.of(workload, frozen), workload.fitsIterator());
        INDArray x = BenchmarkNetworks.input(workload);
        for (int turn = 0; turn < BenchmarkNetworks.CLASSES; turn++) {
            INDArray y = Nd4j.zeros(workload.batch(), BenchmarkNetworks.CLASSES);
            for (int i = 0; i < workload.batch(); i++) {
                y.putScalar(i, (i + turn) % BenchmarkNetworks.CLASSES, 1);
            }
            data.add(new DataSet(x, y));
        }
    }

    @Override
    public void run() {
        fit.run();
    }

    @Override
    public int steps() {
        return steps;
    }

    private Runnable fit(Model network, boolean iterator) {
        if (network instanceof ComputationGraph graph) {
            return iterator ? () -> graph.fit(minibatches()) : () -> graph.fit(minibatch());
        }
        MultiLayerNetwork layers = (MultiLayerNetwork) network;
        return iterator ? () -> layers.fit(minibatches()) : () -> layers.fit(minibatch());
    }

    private DataSet minibatch() {
        DataSet minibatch = data.get(next);
        next = (next + 1) % data.size();
        return minibatch;
    }

    private DataSetIterator minibatches() {
        return new ExistingDataSetIterator(
                Stream.generate(this::minibatch).limit(steps).toList());
    }
}
