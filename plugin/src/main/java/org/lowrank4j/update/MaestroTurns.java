package org.lowrank4j.update;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Whose turn it is, of the layers of one network, to train at a reduced width, and what the others do meanwhile.
 *
 * <p>All pairs of a layer and a width of it are visited once in a random order, then once again in another. The order
 * depends on the seed, the number of the round and the layers' ranks only, so that it need not be saved.
 */
final class MaestroTurns implements ExtraPasses {

    private final long seed;
    private final Maestro.Loss loss;
    private final List<MaestroTarget> layers = new ArrayList<>();
    private boolean begun;
    private int[] ranks = {};
    private long round = -1;
    /** Pairs in order; pair p of a layer whose pairs start at s is its width p - s + 1. */
    private int[] order = {};

    MaestroTurns(long seed, Maestro.Loss loss) {
        this.seed = seed;
        this.loss = loss;
    }

    /** @param wanted the loss that the layer's options name */
    void add(MaestroTarget layer, Maestro.Loss wanted) {
        if (wanted != loss) {
            throw new LowRankException("maestro.loss is one loss for the whole network, and layer "
                    + layer.target().layer() + " names another than the layers before it. Give all layers the same.");
        }
        layers.add(layer);
    }

    /** Whether the step's own pass is at full rank, and one at the width of the turn comes before it. */
    boolean distils() {
        return loss == Maestro.Loss.DISTILLED;
    }

    @Override
    public boolean learnsFromOutputs() {
        return true;
    }

    /** The reduced network learns what the full one answers; what it learns is added to the step at full rank. */
    @Override
    public void run(Passes passes) {
        INDArray[] answers = passes.outputs();
        layers.forEach(MaestroTarget::reduce);
        try {
            passes.addGradients(answers);
        } finally {
            layers.forEach(MaestroTarget::expand);
        }
    }

    /** Lets all layers find their ranks of a step, when the first of them begins it. */
    void begin(int epoch) {
        if (!begun) {
            begun = true;
            layers.forEach(layer -> layer.begin(epoch));
        }
    }

    /** The step is over, taken or left out. */
    void end() {
        begun = false;
    }

    /**
     * The width of a layer at one turn: reduced if the turn is its own, else all of its rank.
     *
     * @param roundOfTurn number of rounds before this one
     * @param turn in that round, 0 to {@link #turns()}
     */
    int width(MaestroTarget layer, long roundOfTurn, long turn) {
        shuffle(roundOfTurn);
        int pair = order.length == 0 ? -1 : order[Math.toIntExact(turn)];
        int first = 0;
        for (int i = 0; i < ranks.length; i++) {
            if (layers.get(i) == layer) {
                return first <= pair && pair < first + ranks[i] ? pair - first + 1 : ranks[i];
            }
            first += ranks[i];
        }
        throw new IllegalStateException("a layer that takes no turns");
    }

    /** Turns of a round: the ranks of all layers together. */
    long turns() {
        return layers.stream().mapToLong(MaestroTarget::rankOfStep).sum();
    }

    private void shuffle(long roundOfTurn) {
        int[] current = layers.stream().mapToInt(MaestroTarget::rankOfStep).toArray();
        if (round == roundOfTurn && Arrays.equals(ranks, current)) {
            return;
        }
        round = roundOfTurn;
        ranks = current;
        order = new int[Arrays.stream(ranks).sum()];
        Random random = new Random(seed * 31 + round);
        for (int i = 0; i < order.length; i++) {
            int j = random.nextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
    }
}
