package org.lowrank4j.initialisation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.decomposition.CountedComponents;
import org.lowrank4j.decomposition.IncrementalPca;
import org.lowrank4j.decomposition.PrincipalComponents;
import org.lowrank4j.kind.Tokens;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * EVA, explained variance adaptation (arXiv 2410.07170, section 3 and the released code): the columns of A are the leading
 * principal components of the layer's inputs, B = 0, and the ranks go where the inputs vary in more directions.
 *
 * <p>Per layer an incremental principal component analysis of the centred inputs keeps round(rho r) components (at most
 * nIn; halves are rounded to even). The components of all layers are then sorted by the share of their layer's variance
 * that they explain, and the first of them are kept, as many as the asked ranks add up to. So a layer ends up with 0 to
 * round(rho r) components, and at most min(nIn, nOut); rank 0 leaves it frozen. Equal shares are taken by component
 * number, then in the order of the layers. The network's function does not change at the start, and s does not change with
 * the rank.
 *
 * <p>A layer needs no more batches once each of its components has a cosine of tau or more with itself one update before. A
 * batch is decomposed exactly; only with more than 512 rows and inputs by a randomised decomposition with twice as many
 * directions as components, as published, from the target's own seed. Each layer needs at least as many rows as
 * components. Directions without variance come last: they are orthonormal and otherwise arbitrary, and are kept only if
 * the components of all layers that vary do not use up the budget.
 */
public final class Eva implements Initialisation {

    private enum Whiten {
        FALSE,
        TRUE
    }

    @Override
    public String name() {
        return "eva";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption(
                        "rho", "2.0", "how many times its rank a layer may get at most, a number of 1 or more"),
                new MethodOption(
                        "tau",
                        "0.99",
                        "the cosine with its direction before the last update from which a component counts as settled,"
                                + " 0 to 1"),
                new MethodOption(
                        "whiten",
                        "false",
                        "whether each column of A is divided by the root of its singular value: true or false"),
                new MethodOption(
                        "batches", "8", "how many minibatches are read ahead at most, a whole number above 0"));
    }

    @Override
    public Need need() {
        return Need.INPUTS;
    }

    @Override
    public InputStatistics statistics(TargetWeight target) {
        OptionValues options = target.optionsOf(this);
        double rho = options.between("rho", 1, Double.POSITIVE_INFINITY);
        int components = (int) Math.min(Math.rint(rho * target.rank()), target.inputs());
        String shortage = "Train from an iterator with larger minibatches, read more of them (eva.batches="
                + options.text("batches") + "), or ask for a lower rank (" + target.rank() + ") or eva.rho ("
                + options.text("rho") + ").";
        return new PrincipalInputs(
                target.layer(),
                Math.toIntExact(target.inputs()),
                components,
                options.between("tau", 0, 1),
                shortage,
                target.random("eva"));
    }

    @Override
    public int[] ranks(List<Start> starts) {
        double[][] ratios = starts.stream()
                .map(start -> Arrays.copyOf(principalInputs(start).explainedVarianceRatios(), (int)
                        Math.min(principalInputs(start).size(), Math.min(start.inputs(), start.outputs()))))
                .toArray(double[][]::new);
        return ranks(ratios, starts.stream().mapToLong(Start::rank).sum());
    }

    /**
     * How many components of each layer are among the first of all layers.
     *
     * @param ratios per layer the explained variance ratios of the components that it may get
     * @param budget how many components are kept in all; all of them if there are fewer
     */
    public static int[] ranks(double[][] ratios, long budget) {
        record Component(int layer, int number, double ratio) {}
        int[] ranks = new int[ratios.length];
        IntStream.range(0, ratios.length)
                .boxed()
                .flatMap(layer -> IntStream.range(0, ratios[layer].length)
                        .mapToObj(number -> new Component(layer, number, ratios[layer][number])))
                .sorted(Comparator.comparingDouble(Component::ratio)
                        .reversed()
                        .thenComparingInt(Component::number)
                        .thenComparingInt(Component::layer))
                .limit(budget)
                .forEach(component -> ranks[component.layer()]++);
        return ranks;
    }

    @Override
    public Factors start(Start start) {
        PrincipalComponents pca = principalInputs(start);
        int rank = start.rank();
        int[] leading = IntStream.range(0, rank).toArray();
        INDArray a = pca.components().getColumns(leading);
        if (start.options().choice("whiten", Whiten.class) == Whiten.TRUE) {
            a.diviRowVector(Nd4j.createFromArray(roots(pca, rank)));
        }
        return new Factors(a, Nd4j.zeros(DataType.DOUBLE, rank, start.outputs()));
    }

    /** What divides the columns of A; 1 where there is no variance to divide by. */
    private static double[] roots(PrincipalComponents pca, int rank) {
        double[] roots =
                Arrays.stream(pca.singularValues()).limit(rank).map(Math::sqrt).toArray();
        Arrays.fill(roots, Math.min(pca.varying(), rank), rank, 1);
        return roots;
    }

    private static PrincipalComponents principalInputs(Start start) {
        return start.statistics(PrincipalInputs.class).components();
    }

    /**
     * The principal components of one layer's inputs, as {@link Eva} needs them.
     *
     * <p>Published code skips a minibatch with fewer rows than components. Here its rows wait until enough have come, so that
     * small minibatches count too; what still waits at the end is added then. In memory are the components (components x
     * nIn doubles) and fewer waiting rows than components; of tokens their counts alone, which are exact.
     */
    public static final class PrincipalInputs implements InputStatistics {

        private final String layer;
        private final String shortage;
        private final int components;
        private final double threshold;
        private final IncrementalPca pca;
        private double @Nullable [] counts;
        private final List<INDArray> waiting = new ArrayList<>();
        private long waitingRows;
        private int minibatches;
        private boolean settled;

        /**
         * No inputs yet.
         *
         * @param layer its name, for messages
         * @param inputs nIn
         * @param components how many to keep, and how many rows are needed
         * @param threshold the cosine with its direction before the last update from which a component counts as settled
         * @param shortage what to do when too few rows come, for the message
         */
        PrincipalInputs(String layer, int inputs, int components, double threshold, String shortage, Random random) {
            this.layer = layer;
            this.shortage = shortage;
            this.components = components;
            this.threshold = threshold;
            this.pca = new IncrementalPca(inputs, components, random);
        }

        @Override
        public void observe(INDArray x) {
            minibatches++;
            if (x.isEmpty()) {
                return;
            }
            try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
                waiting.add(x.castTo(DataType.DOUBLE).dup());
                waitingRows += x.size(0);
                if (waitingRows >= components) {
                    boolean first = pca.rows() == 0;
                    INDArray before = first ? null : pca.components();
                    addWaiting();
                    settled = isClose(before, pca);
                }
            }
        }

        @Override
        public void observe(Tokens x) {
            minibatches++;
            waitingRows += x.rows();
            double[] more = x.counts();
            double[] seen = counts;
            counts = seen == null
                    ? more
                    : IntStream.range(0, more.length)
                            .mapToDouble(i -> seen[i] + more[i])
                            .toArray();
            if (waitingRows >= components) {
                INDArray before = seen == null ? null : new CountedComponents(seen, components).components();
                settled = isClose(before, new CountedComponents(counts, components));
            }
        }

        /** Whether all components that have a variance are, up to their sign, within the threshold of what they were. */
        private boolean isClose(@Nullable INDArray before, PrincipalComponents now) {
            if (before == null) {
                return false;
            }
            INDArray cosines = before.mul(now.components()).sum(0);
            for (int i = 0; i < now.varying(); i++) {
                if (!(Math.abs(cosines.getDouble(i)) >= threshold)) {
                    return false;
                }
            }
            return true;
        }

        private void addWaiting() {
            INDArray rows = waiting.size() == 1 ? waiting.get(0) : Nd4j.vstack(waiting.toArray(new INDArray[0]));
            try {
                pca.add(rows);
            } catch (LowRankException refused) {
                throw new LowRankException(
                        "The inputs of layer " + layer + " have no principal components. " + refused.getMessage(),
                        refused);
            }
            waiting.clear();
            waitingRows = 0;
        }

        @Override
        public boolean settled() {
            return settled;
        }

        /**
         * The components of all rows seen.
         *
         * @throws LowRankException if there were fewer rows than components to keep
         */
        public PrincipalComponents components() {
            if (pca.rows() + waitingRows < components) {
                throw new LowRankException("eva needs at least " + components + " rows of inputs of layer " + layer
                        + " for as many principal components, and " + waitingRows + " came in " + minibatches
                        + (minibatches == 1 ? " minibatch. " : " minibatches. ") + shortage);
            }
            if (counts != null) {
                return new CountedComponents(counts, components);
            }
            if (waitingRows > 0) {
                try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
                    addWaiting();
                }
            }
            return pca;
        }
    }
}
