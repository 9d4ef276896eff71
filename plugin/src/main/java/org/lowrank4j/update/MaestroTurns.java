package org.lowrank4j.update;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Whose turn it is, of the layers of one network, to train at a reduced width.
 *
 * <p>All pairs of a layer and a width of it are visited once in a random order, then once again in another. The order
 * depends on the seed, the number of the round and the layers' ranks only, so that it need not be saved.
 */
final class MaestroTurns {

    private final long seed;
    private final List<MaestroTarget> layers = new ArrayList<>();
    private boolean begun;
    private int[] ranks = {};
    private long round = -1;
    /** Pairs in order; pair p of a layer whose pairs start at s is its width p - s + 1. */
    private int[] order = {};

    MaestroTurns(long seed) {
        this.seed = seed;
    }

    void add(MaestroTarget layer) {
        layers.add(layer);
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
