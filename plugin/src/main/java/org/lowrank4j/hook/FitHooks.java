package org.lowrank4j.hook;

import java.util.List;
import org.deeplearning4j.nn.api.NeuralNetwork;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.engine.ReplayedDataSets;
import org.lowrank4j.engine.ReplayedMultiDataSets;
import org.lowrank4j.engine.RulesInForce;
import org.lowrank4j.engine.Training;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.dataset.api.iterator.MultiDataSetIterator;

/** Training from an iterator: where starts that learn from several minibatches get them. */
public final class FitHooks {

    private FitHooks() {}

    /** Instead of {@code MultiLayerNetwork.fit(DataSetIterator)}; null leaves it to DL4J. */
    public static @Nullable Object fit(Object network, Object iterator) {
        if (RulesInForce.none() || iterator instanceof ReplayedDataSets) {
            return null;
        }
        int wanted = Training.wantedBatches(network);
        if (wanted < 2 || !(iterator instanceof DataSetIterator users)) {
            return null;
        }
        ReplayedDataSets replayed = new ReplayedDataSets(users, wanted);
        return withReadAhead(network, replayed.batches(), () -> ((NeuralNetwork) network).fit(replayed));
    }

    /** Instead of {@code ComputationGraph.fit(MultiDataSetIterator)}; null leaves it to DL4J. */
    public static @Nullable Object fitMulti(Object network, Object iterator) {
        if (RulesInForce.none() || iterator instanceof ReplayedMultiDataSets) {
            return null;
        }
        int wanted = Training.wantedBatches(network);
        if (wanted < 2 || !(iterator instanceof MultiDataSetIterator users)) {
            return null;
        }
        ReplayedMultiDataSets replayed = new ReplayedMultiDataSets(users, wanted);
        return withReadAhead(network, replayed.batches(), () -> ((NeuralNetwork) network).fit(replayed));
    }

    /** Before a network works through an iterator; the answer comes back to {@link #ends}. */
    public static @Nullable Object begins(Object network) {
        return RulesInForce.none() ? null : Training.fitBegins(network);
    }

    /** After that, also when it failed. */
    public static void ends(Object network, @Nullable Object token, @Nullable Throwable thrown) {
        if (token != null) {
            ((Runnable) token).run();
        }
    }

    /** What was read ahead is for this fit alone, also if it fails before its first step. */
    private static Object withReadAhead(Object network, List<MultiDataSet> batches, Runnable fit) {
        Training.readAhead(network, batches);
        try {
            fit.run();
        } finally {
            Training.readAhead(network, List.of());
        }
        return Boolean.TRUE;
    }
}
