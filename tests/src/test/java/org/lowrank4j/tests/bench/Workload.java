package org.lowrank4j.tests.bench;

import java.util.List;

/**
 * What is trained and how.
 *
 * @param network mln or cg, dense layers below a head; conv, depthwise, batchnorm, lstm or embedding, layers of that kind below
 *     pooling and a head, those of pictures above a convolution that takes one channel; resnet50 or mobilenetv2; {@code -frozen}
 *     after its name means that only the lowest layer is adapted
 * @param width inputs and outputs of each layer, or channels, or units
 * @param batch examples a step
 * @param depth number of layers of the kind
 * @param rank of the adapters
 * @param updater adam or sgd
 * @param fit iterator for {@code fit(DataSetIterator)}, dataset for {@code fit(DataSet)}
 * @param size pixels on each side of pictures, steps of series, different tokens of an embedding; of dense layers 1
 * @param kernel pixels on each side of a convolution's filters; of others 1
 */
record Workload(
        String network, int width, int batch, int depth, int rank, String updater, String fit, int size, int kernel) {

    /** Columns of an LSTM's matrices for each of its units. */
    static final int GATES = 4;

    /** Tokens of each example. */
    static final int TOKENS = 32;

    private static final String FROZEN = "-frozen";
    private static final double MULTIPLICATIONS_PER_FIT = 4e9;
    private static final int FEWEST_MINIBATCHES = 10;
    private static final int MOST_MINIBATCHES = 50;
    private static final int MINIBATCHES_OF_PICTURES = 3;

    /** Of dense layers. */
    Workload(String network, int width, int batch, int depth, int rank, String updater, String fit) {
        this(network, width, batch, depth, rank, updater, fit, 1, 1);
    }

    Workload withNetwork(String other) {
        return new Workload(other, width, batch, depth, rank, updater, fit, size, kernel);
    }

    Workload withWidth(int other) {
        return new Workload(network, other, batch, depth, rank, updater, fit, size, kernel);
    }

    Workload withBatch(int other) {
        return new Workload(network, width, other, depth, rank, updater, fit, size, kernel);
    }

    Workload withDepth(int other) {
        return new Workload(network, width, batch, other, rank, updater, fit, size, kernel);
    }

    Workload withRank(int other) {
        return new Workload(network, width, batch, depth, other, updater, fit, size, kernel);
    }

    Workload withUpdater(String other) {
        return new Workload(network, width, batch, depth, rank, other, fit, size, kernel);
    }

    Workload withFit(String other) {
        return new Workload(network, width, batch, depth, rank, updater, other, size, kernel);
    }

    Workload withSize(int other) {
        return new Workload(network, width, batch, depth, rank, updater, fit, other, kernel);
    }

    Workload withKernel(int other) {
        return new Workload(network, width, batch, depth, rank, updater, fit, size, other);
    }

    /** Such as {@code mln 4x1024 batch 32 rank 8 adam iterator} or {@code conv 3x3 4x64 of 32x32 batch 32 ...}. */
    String label() {
        String filters = kernel > 1 || kind().equals("conv") ? " " + kernel + "x" + kernel : "";
        String layers = isWhole() ? "" : " " + depth + "x" + width;
        String of = seesPictures() ? " of " + size + "x" + size : recurs() || embeds() ? " of " + size : "";
        return network + filters + layers + of + " batch " + batch + " rank " + rank + " " + updater + " " + fit;
    }

    /** The network's name without what is frozen. */
    String kind() {
        return isFrozen() ? network.substring(0, network.length() - FROZEN.length()) : network;
    }

    /** Whether only the lowest layer is adapted, so that the others pass epsilon on and do nothing else. */
    boolean isFrozen() {
        return network.endsWith(FROZEN);
    }

    boolean isDense() {
        return network.equals("mln") || network.equals("cg");
    }

    /** One that is known by its name, whatever width and depth say. */
    boolean isWhole() {
        return network.equals("resnet50") || network.equals("mobilenetv2");
    }

    boolean seesPictures() {
        return !isDense() && !recurs() && !embeds();
    }

    boolean recurs() {
        return network.equals("lstm");
    }

    boolean embeds() {
        return network.equals("embedding");
    }

    /** The agent's arguments. */
    String rule() {
        String layers = seesPictures()
                ? "type:ConvolutionLayer"
                : recurs() ? "type:LSTM" : embeds() ? "type:EmbeddingSequenceLayer" : "";
        return "=rank=" + rank + (layers.isEmpty() ? "" : ",layers=" + (isFrozen() ? "layer0" : layers));
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
        } else if (seesPictures()) {
            return MINIBATCHES_OF_PICTURES;
        }
        double perMinibatch = (double) width * width * depth * batch * (recurs() ? 2 * GATES * size : 1);
        return (int) Math.max(
                FEWEST_MINIBATCHES, Math.min(MOST_MINIBATCHES, Math.round(MULTIPLICATIONS_PER_FIT / perMinibatch)));
    }

    /** For the command line of {@link Worker}. */
    List<String> arguments() {
        return List.of(network, "" + width, "" + batch, "" + depth, "" + rank, updater, fit, "" + size, "" + kernel);
    }

    /** What {@link #arguments} wrote. */
    static Workload parse(List<String> arguments) {
        if (arguments.size() != 9) {
            throw new IllegalArgumentException(
                    "A workload is network, width, batch, depth, rank, updater, fit, size, kernel; not " + arguments
                            + ".");
        }
        return new Workload(
                arguments.get(0),
                Integer.parseInt(arguments.get(1)),
                Integer.parseInt(arguments.get(2)),
                Integer.parseInt(arguments.get(3)),
                Integer.parseInt(arguments.get(4)),
                arguments.get(5),
                arguments.get(6),
                Integer.parseInt(arguments.get(7)),
                Integer.parseInt(arguments.get(8)));
    }
}
