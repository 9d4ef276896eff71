package org.lowrank4j.update;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Whose turn it is, of the layers of one network under {@link Maestro}, to train at a reduced width, and what the others do
 * meanwhile.
 *
 * <p>All pairs of a layer and a width of it are visited once in a random order, then once again in another. The order
 * depends on the seed, the number of the round and the layers' ranks only, so that it need not be saved.
 */
final class MaestroTurns implements ExtraPasses {

    private final long seed;
    private final Maestro.Loss loss;
    private final int interval;
    private final List<Maestro.Target> layers = new ArrayList<>();
    private boolean begun;
    private int[] ranks = {};
    private long round = -1;
    /** Pairs in order; pair p of a layer whose pairs start at s is its width p - s + 1. */
    private int[] order = {};

    /** @param interval steps between two shrinkings, 0 for an epoch */
    MaestroTurns(long seed, Maestro.Loss loss, int interval) {
        this.seed = seed;
        this.loss = loss;
        this.interval = interval;
    }

    /**
     * Takes a layer in.
     *
     * @param itsLoss what the layer's options name; so is {@code itsInterval}
     */
    void add(Maestro.Target layer, Maestro.Loss itsLoss, int itsInterval) {
        require(itsLoss == loss, "loss is one loss for the whole network", layer);
        // A shrinking begins a new round of turns, which all layers take part in.
        require(itsInterval == interval, "shrink is one rhythm for the whole network", layer);
        layers.add(layer);
    }

    private static void require(boolean same, String whatItIs, Maestro.Target layer) {
        if (!same) {
            throw new LowRankException("maestro." + whatItIs + ", and layer "
                    + layer.target().layer() + " names another than the layers before it. Give all layers the same.");
        }
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
        layers.forEach(Maestro.Target::reduce);
        try {
            passes.addGradients(answers);
        } finally {
            layers.forEach(Maestro.Target::expand);
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
    int width(Maestro.Target layer, long roundOfTurn, long turn) {
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
        return layers.stream().mapToLong(Maestro.Target::rankOfStep).sum();
    }

    private void shuffle(long roundOfTurn) {
        int[] current = layers.stream().mapToInt(Maestro.Target::rankOfStep).toArray();
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
