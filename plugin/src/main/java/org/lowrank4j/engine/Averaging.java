package org.lowrank4j.engine;

import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.updater.UpdaterBlock;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.gradient.exchange.ValueExchange;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Brings replicas of a network together between two rounds: each goes on from the mean of what they have learned. */
final class Averaging {

    private final boolean weights;
    private @Nullable INDArray mean;
    private final List<INDArray> meanWeights = new ArrayList<>();

    Averaging(ValueExchange exchange) {
        weights = exchange.averagesWeights();
    }

    /**
     * Moves all replicas to their mean.
     *
     * @param updaters whether the states of the updaters become their means, too
     */
    void run(List<Session> replicas, boolean updaters) {
        List<Runnable> locks = new ArrayList<>();
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            replicas.forEach(replica -> locks.add(replica.hold()));
            replicas.forEach(Session::catchUp);
            List<FittedNetwork> all = replicas.stream().map(Session::fitted).toList();
            if (weights) {
                averageWeights(all);
            }
            moveToMean(all);
            if (weights) {
                all.forEach(this::assignWeights);
            }
            if (updaters) {
                averageStates(replicas);
            }
        } finally {
            locks.forEach(Runnable::run);
        }
    }

    private void moveToMean(List<FittedNetwork> all) {
        List<INDArray> values = all.stream().map(FittedNetwork::values).toList();
        INDArray sum = mean;
        if (sum == null) {
            sum = values.get(0).like();
            mean = sum;
        }
        average(values, sum);
        for (FittedNetwork one : all) {
            one.moveTo(sum);
        }
    }

    private void averageWeights(List<FittedNetwork> all) {
        List<AdaptedMatrix> first = all.get(0).matrices();
        for (int i = 0; i < first.size(); i++) {
            if (meanWeights.size() == i) {
                meanWeights.add(first.get(i).weight().like());
            }
            int matrix = i;
            average(all.stream().map(one -> one.matrices().get(matrix).weight()).toList(), meanWeights.get(i));
        }
    }

    private void assignWeights(FittedNetwork one) {
        for (int i = 0; i < meanWeights.size(); i++) {
            one.matrices().get(i).weight().assign(meanWeights.get(i));
        }
    }

    private static void averageStates(List<Session> replicas) {
        List<UpdaterBlock> first = replicas.get(0).updaterBlocks();
        for (int i = 0; i < first.size(); i++) {
            if (first.get(i).getUpdaterView() == null) {
                continue;
            }
            int block = i;
            List<INDArray> states = replicas.stream()
                    .map(replica -> replica.updaterBlocks().get(block).getUpdaterView())
                    .toList();
            INDArray sum = states.get(0);
            states.stream().skip(1).forEach(sum::addi);
            sum.divi(states.size());
            states.stream().skip(1).forEach(state -> state.assign(sum));
        }
    }

    private static void average(List<INDArray> arrays, INDArray to) {
        to.assign(arrays.get(0));
        arrays.stream().skip(1).forEach(to::addi);
        to.divi(arrays.size());
    }
}
