package org.lowrank4j.tests.bench;

import java.util.List;

/**
 * What is trained and how: layers of one width below a head of ten classes.
 *
 * @param network mln or cg, of dense layers; cnn, of convolutions of 3 x 3 pixels; depthwise, of depthwise ones, each below
 *     one of single pixels; lstm; or embedding, one table below a mean, whatever the depth
 * @param width inputs and outputs of each layer; of an embedding the tokens that its table has
 * @param batch examples a step
 * @param depth number of layers, all adapted where there is an agent
 * @param rank of the adapters
 * @param updater adam or sgd
 * @param fit iterator for {@code fit(DataSetIterator)}, dataset for {@code fit(DataSet)}
 */
record Workload(String network, int width, int batch, int depth, int rank, String updater, String fit) {

    /** Pixels on each side of the pictures. */
    static final int SIDE = 16;

    /** Steps of the series. */
    static final int STEPS = 50;

    /** Columns of an LSTM's matrices for each of its units. */
    static final int GATES = 4;

    /** Tokens of each example. */
    static final int TOKENS = 32;

    /** Columns of a table of tokens. */
    static final int UNITS = 256;

    private static final int FILTER = 9;
    private static final double MULTIPLICATIONS_PER_FIT = 4e9;
    private static final int FEWEST_MINIBATCHES = 10;
    private static final int MOST_MINIBATCHES = 50;

    Workload withNetwork(String other) {
        return new Workload(other, width, batch, depth, rank, updater, fit);
    }

    Workload withWidth(int other) {
        return new Workload(network, other, batch, depth, rank, updater, fit);
    }

    Workload withBatch(int other) {
        return new Workload(network, width, other, depth, rank, updater, fit);
    }

    Workload withDepth(int other) {
        return new Workload(network, width, batch, other, rank, updater, fit);
    }

    Workload withRank(int other) {
        return new Workload(network, width, batch, depth, other, updater, fit);
    }

    Workload withUpdater(String other) {
        return new Workload(network, width, batch, depth, rank, other, fit);
    }

    Workload withFit(String other) {
        return new Workload(network, width, batch, depth, rank, updater, other);
    }

    /** Such as {@code mln 4x1024 batch 32 rank 8 adam iterator}. */
    String label() {
        return network + " " + depth + "x" + width + " batch " + batch + " rank " + rank + " " + updater + " " + fit;
    }

    boolean convolves() {
        return network.equals("cnn") || isDepthwise();
    }

    boolean isDepthwise() {
        return network.equals("depthwise");
    }

    boolean recurs() {
        return network.equals("lstm");
    }

    boolean embeds() {
        return network.equals("embedding");
    }

    /** Inputs of the head. */
    int top() {
        return embeds() ? UNITS : width;
    }

    /** Rows of each layer's product. */
    int rows() {
        if (embeds()) {
            return batch * TOKENS;
        }
        if (recurs()) {
            return batch * STEPS;
        }
        return convolves() ? batch * SIDE * SIDE : batch;
    }

    /** Rows of each layer's matrix. */
    int inputs() {
        return convolves() && !isDepthwise() ? width * FILTER : width;
    }

    /** The agent's arguments. */
    String rule() {
        String rule = "=rank=" + rank;
        if (embeds()) {
            return rule + ",layers=type:EmbeddingSequenceLayer";
        }
        return rule + (convolves() ? ",layers=type:ConvolutionLayer" : recurs() ? ",layers=type:LSTM" : "");
    }

    boolean fitsIterator() {
        return fit.equals("iterator");
    }

    /**
     * Minibatches of one fit: fewer than an epoch usually has, so that what a fit costs once weighs rather too much, and
     * fewer still for large networks, so that a turn does not last minutes. The same for all contestants.
     */
    int minibatches() {
        if (!fitsIterator()) {
            return 1;
        } else if (embeds()) {
            return MOST_MINIBATCHES;
        }
        double perMinibatch = (double) inputs() * width * depth * rows() * (recurs() ? 2 * GATES : 1);
        return (int) Math.max(
                FEWEST_MINIBATCHES, Math.min(MOST_MINIBATCHES, Math.round(MULTIPLICATIONS_PER_FIT / perMinibatch)));
    }

    /** For the command line of {@link Worker}. */
    List<String> arguments() {
        return List.of(network, "" + width, "" + batch, "" + depth, "" + rank, updater, fit);
    }

    /** What {@link #arguments} wrote. */
    static Workload parse(List<String> arguments) {
        if (arguments.size() != 7) {
            throw new IllegalArgumentException(
                    "A workload is network, width, batch, depth, rank, updater, fit; not " + arguments + ".");
        }
        return new Workload(
                arguments.get(0),
                Integer.parseInt(arguments.get(1)),
                Integer.parseInt(arguments.get(2)),
                Integer.parseInt(arguments.get(3)),
                Integer.parseInt(arguments.get(4)),
                arguments.get(5),
                arguments.get(6));
    }
}
