package org.lowrank4j.update;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.decomposition.EnergyTruncation;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.KeptNumber;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.Replication;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Maestro (arXiv 2308.14929, algorithm 1, and the released code): W = A B with A nIn x k and B k x nOut trained, k = min(nIn,
 * nOut), so that the first b components are the best rank-b weight for every b at once, and components that the loss can do
 * without vanish.
 *
 * <pre>
 * start:       A = U sqrt(S), B = sqrt(S) V^T of W = U S V^T
 * one step:    W = A[:, :b] B[:b] in one layer at one width b, all other layers at their full rank; the pairs of layer
 *              and width take turns in random order, each once a round
 * gradients:   dA[:, :b] = G B[:b]^T, dB[:b] = A[:, :b]^T G, the rest 0
 *              + lasso * d/dA, d/dB of sum over i of |A[:, i:]|_F + |B[i:]|_F      (mean over the minibatch)
 * shrinking:   the rank falls to the number of components i with |A[:, i:]|_F |B[i:]|_F &gt;= threshold
 * </pre>
 *
 * <p>Between steps W is A B at full rank. With y the labels, p(x) what the network answers at full rank and q(x) what it
 * answers at the width of the step, the loss of a step is
 *
 * <pre>
 * loss=partial:     CE(q(x), y)                   one pass, as in the released runs on MNIST ("no full pass")
 * loss=distilled:   CE(p(x), y) + CE(q(x), p(x))  p(x) in the second term held fixed; the released code's default
 * </pre>
 *
 * <p>{@code distilled} takes one more forward and two backward passes in the place of one, and a copy of the gradients of
 * all that is trained; listeners, running statistics and the score are those of the pass at full rank. With {@code partial}
 * they are those of the reduced network. {@code distilled} needs output layers with a softmax and the cross-entropy.
 * Ranks shrink before the first
 * step of an epoch, as published, or every N steps with {@code shrink=N}. {@code loss} and {@code shrink} are the same for
 * all layers of a network. What has vanished stays 0, whatever momentum the
 * updater has. {@link org.lowrank4j.compression.FactoredModel} makes the smaller network.
 *
 * <p>W is the product, so what a program writes to W is decomposed like the W of the start before the next step: it moves by
 * rounding, and all of its rank trains again.
 *
 * <p>{@code rank}, {@code alpha} and {@code scaling} have no effect: published is the start at full rank. So training is
 * larger than that of W, k (nIn + nOut) numbers, and only its result is smaller. The released runs on MNIST have lasso 1e-6
 * and threshold 1e-5; those on CIFAR-10 a lasso of 8e-6 to 5.12e-4.
 */
public final class Maestro implements OwnUpdate {

    private static final String SHRINK = "shrink";

    /** What a step minimises. */
    enum Loss {
        PARTIAL,
        DISTILLED
    }

    @Override
    public String name() {
        return "maestro";
    }

    @Override
    public boolean usesRank() {
        return false;
    }

    @Override
    public Optional<String> constraintRefusal() {
        return Optional.of(
                "W is a product of factors there, which would have to be made anew from the constrained W after"
                        + " every step, and no rank would ever fall");
    }

    @Override
    public boolean learnsFromScratch() {
        return true;
    }

    /** Every step draws which components it trains, and ranks fall by what a replica has seen. */
    @Override
    public Set<Replication> replicates() {
        return Set.of();
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption("lasso", "1e-6", "the weight of the hierarchical group lasso in the loss"),
                new MethodOption("threshold", "1e-5", "components of a smaller importance are taken away"),
                new MethodOption(
                        "loss",
                        "partial",
                        "partial: that of the reduced network alone; distilled: that of the full network, and that of the"
                                + " reduced one for the full one's answers"),
                new MethodOption(SHRINK, "epoch", "when ranks shrink: epoch, or a number of steps"));
    }

    @Override
    public TargetUpdate attach(TargetWeight target) {
        return new Target(target, target.optionsOf(this));
    }

    /**
     * The two factors of one weight, with ordered dropout over their components.
     *
     * <p>W is the factors' product, so where a program has written to W, new factors are made from what it wrote. That is W up
     * to rounding, as at the start, and all of its rank trains again.
     *
     * <p>A rank that is to shrink does so for good in {@link #step}, so that a step that is left out leaves it alone.
     */
    static final class Target extends AttachedUpdate {

        private static final long NONE = -1;

        private final INDArray weight;
        private final double lasso;
        private final double threshold;
        /** Steps between two shrinkings, 0 to shrink with the epochs. */
        private final int interval;

        private final MaestroTurns turns;
        private final INDArray a;
        private final INDArray b;

        private final WeightMark left;
        private final KeptNumber rank;
        private final KeptNumber round;
        private final KeptNumber turn;
        private final KeptNumber step;
        /** Of the last step, {@link #NONE} before the first. */
        private final KeptNumber epoch;

        private long begunEpoch = NONE;
        private boolean shrinks;
        private int rankOfStep;
        /** What the turn of this step reduces W to. */
        private int widthOfTurn;
        /** Of W as it stands. */
        private int width;

        Target(TargetWeight target, OptionValues options) {
            super(target);
            lasso = options.between("lasso", 0, Double.POSITIVE_INFINITY);
            threshold = options.between("threshold", 0, Double.POSITIVE_INFINITY);
            interval = options.text(SHRINK).equals("epoch") ? 0 : options.positiveInt(SHRINK);
            Loss loss = options.choice("loss", Loss.class);
            weight = target.weight();
            int full = Math.toIntExact(Math.min(target.inputs(), target.outputs()));
            Kept kept = kept();
            a = trained("A", 'f', false, target.inputs(), full);
            b = trained("B", 'c', true, full, target.outputs());
            left = new WeightMark(weight, kept, "left");
            rank = kept.number("rank", full);
            round = kept.number("round", 0);
            turn = kept.number("turn", 0);
            step = kept.number("step", 0);
            epoch = kept.number("epoch", NONE);
            kept.afterRestoring(this::endStep);
            rankOfStep = full;
            width = full;
            turns = target.shared()
                    .part(
                            MaestroTurns.class,
                            () -> new MaestroTurns(target.shared().seed(), loss, interval));
            turns.add(this, loss, interval);
        }

        /** The rank that this step trains with and, if it counts, ends with. */
        int rankOfStep() {
            return rankOfStep;
        }

        @Override
        public boolean startMovesWeight() {
            return true;
        }

        @Override
        public void start() {
            factorise();
            left.set();
        }

        private void factorise() {
            ThinSvd svd = ThinSvd.of(weight);
            EnergyTruncation whole = new EnergyTruncation(svd, svd.size());
            a.assign(whole.left().castTo(a.dataType()));
            b.assign(whole.right().castTo(b.dataType()));
            rank.set(a.size(1));
            width = Math.toIntExact(a.size(1));
            // The same product as after every step, so that a step in which nothing moves leaves W as it is, bit for
            // bit.
            multiply(width);
        }

        /** W = A[:, :components] B[:components]. */
        private void multiply(int components) {
            if (components == 0) {
                weight.assign(0);
            } else {
                Blas.gemm(firstOfA(a, components), firstOfB(b, components), weight, false, false, 1, 0);
            }
        }

        private static INDArray firstOfA(INDArray factor, int components) {
            return factor.get(NDArrayIndex.all(), NDArrayIndex.interval(0, components));
        }

        private static INDArray firstOfB(INDArray factor, int components) {
            return factor.get(NDArrayIndex.interval(0, components), NDArrayIndex.all());
        }

        @Override
        public void beforeForward(int iteration, int epochOfStep) {
            turns.begin(epochOfStep);
            widthOfTurn = turns.width(this, shrinks ? round.get() + 1 : round.get(), shrinks ? 0 : turn.get());
            reduceTo(turns.distils() ? rankOfStep : widthOfTurn);
        }

        @Override
        public @Nullable ExtraPasses extraPasses() {
            return turns.distils() ? turns : null;
        }

        /** Sets W to the width of the turn. */
        void reduce() {
            reduceTo(widthOfTurn);
        }

        /** Sets W to all of its rank. */
        void expand() {
            reduceTo(rankOfStep);
        }

        /** Sets the width of W until the step ends. */
        void reduceTo(int components) {
            boolean moves = components != width;
            width = components;
            if (moves) {
                multiply(width);
            }
        }

        /** Finds the rank of the step that begins; once for all layers before the first of them asks for its width. */
        void begin(int epochOfStep) {
            begunEpoch = epochOfStep;
            if (left.written() && Double.isFinite(Blas.asum(weight))) {
                target().say(
                                "the program has written to weights that update=maestro trains as a product: factors are made"
                                        + " anew from what was written, by a decomposition, and all of the rank trains again. Later ones are"
                                        + " made silently.");
                factorise();
            }
            long last = epoch.get();
            shrinks = interval == 0 ? last != NONE && begunEpoch != last : step.get() > 0 && step.get() % interval == 0;
            rankOfStep = shrinks ? importantComponents() : Math.toIntExact(rank.get());
        }

        private int importantComponents() {
            double[] importance = TailNorms.of(a, b).importance();
            int components = 0;
            while (components < rank.get() && importance[components] >= threshold) {
                components++;
            }
            return components;
        }

        @Override
        public void abandon() {
            boolean moved = width != rank.get();
            endStep();
            if (moved) {
                multiply(width);
            }
            left.set();
        }

        private void endStep() {
            turns.end();
            shrinks = false;
            rankOfStep = Math.toIntExact(rank.get());
            width = rankOfStep;
        }

        @Override
        public void gradient(WeightGradient gradient, INDArray[] gradients) {
            gradients[0].assign(0);
            gradients[1].assign(0);
            if (width == 0) {
                return;
            }
            gradient.times(firstOfB(b, width).transpose(), 1, firstOfA(gradients[0], width), 0);
            gradient.transposeTimes(firstOfA(a, width), 1, firstOfB(gradients[1], width), 0);
        }

        @Override
        public boolean movesUpdaterState() {
            return true;
        }

        @Override
        public void beforeUpdater(INDArray[] gradients, INDArray[] updaterStates) {
            if (lasso > 0) {
                TailNorms norms = TailNorms.of(a, b);
                gradients[0].addi(a.mulRowVector(row(norms.gradientOfA())).muli(lasso));
                gradients[1].addi(
                        b.mulColumnVector(row(norms.gradientOfB()).transpose()).muli(lasso));
            }
        }

        private INDArray row(double[] values) {
            return Nd4j.createFromArray(values).castTo(a.dataType()).reshape(1, values.length);
        }

        /** W as it stands: of all of its rank, or of the width of this step. */
        @Override
        public void move(INDArray[] steps) {
            a.subi(steps[0]);
            b.subi(steps[1]);
            multiply(width);
        }

        @Override
        public void step(INDArray[] steps) {
            if (shrinks) {
                rank.set(rankOfStep);
                round.increment();
                turn.set(0);
            }
            a.subi(steps[0]);
            b.subi(steps[1]);
            int full = Math.toIntExact(a.size(1));
            if (rankOfStep < full) {
                a.get(NDArrayIndex.all(), NDArrayIndex.interval(rankOfStep, full))
                        .assign(0);
                b.get(NDArrayIndex.interval(rankOfStep, full), NDArrayIndex.all())
                        .assign(0);
            }
            multiply(rankOfStep);
            left.set();
            epoch.set(begunEpoch);
            step.increment();
            if (turn.increment() >= turns.turns()) {
                round.increment();
                turn.set(0);
            }
            endStep();
        }
    }
}
