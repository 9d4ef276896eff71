package org.lowrank4j.update;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.lowrank4j.LowRankException;
import org.lowrank4j.blas.Blas;
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
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * AdaLoRA (arXiv 2303.10512, equations 3 to 12, as in the reference PEFT library): the change of W is a trained singular
 * value decomposition s A diag(E) B with A nIn x r, E r numbers and B r x nOut, and a budget of ranks that falls during
 * training goes to the triplets (E_i, column i of A, row i of B) of the network that matter most.
 *
 * <pre>
 * s = alpha / (r + 1e-5),   dA = s G B^T diag(E),   dE_i = s (A^T G B^T)_ii,   dB = s diag(E) A^T G
 * dA += w A (A^T A - I) / |A^T A - I|_F / L        and so for B: w times the mean over all 2 L matrices of the norm
 * I = |p dp| of each entry,   Ibar = b1 Ibar + (1 - b1) I,   Ubar = b2 Ubar + (1 - b2) |I - Ibar|
 * score_i = (Ibar Ubar)(E_i) + mean over column i of A + mean over row i of B
 * budget(t) = bT + (b0 - bT) (1 - (t - t0) / (T - tf - t0))^3      t = 1, 2, ...; b0 before t0, bT from T - tf on
 * </pre>
 *
 * <p>After the updates t = k delta-t between t0 and T - tf, E_i of every triplet outside the budget is set to 0, over all L
 * layers of a network that have this update; it may grow again until the next allocation. From T - tf on the same triplets
 * stay at 0. This moves W, as published; everything else leaves it as the factors say.
 *
 * <p>{@code rank} is the rank that each layer starts with; b0 is their sum. A and B start normal with standard deviation
 * 0.02 and E at 0, so the network starts unchanged and the first step moves only E. Published with rank 12 and a target
 * rank of 8. Next to A, E and B it keeps their Ibar, Ubar and last gradient: four times the trained numbers.
 */
public final class AdaLora implements OwnUpdate {

    private static final String TARGET_RANK = "target-rank";
    private static final String TWO_THIRDS = "two-thirds";

    @Override
    public String name() {
        return "adalora";
    }

    @Override
    public Set<Replication> replicates() {
        return Set.of(Replication.GRADIENTS);
    }

    @Override
    public boolean usesScale() {
        return true;
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption("total-steps", "T, the planned number of training steps"),
                new MethodOption("initial-steps", "0", "t0, steps at the start in which every triplet stays"),
                new MethodOption("final-steps", "0", "tf, steps at the end in which the choice of triplets is fixed"),
                new MethodOption("interval", "1", "delta-t, steps between two allocations of the budget"),
                new MethodOption(
                        TARGET_RANK,
                        TWO_THIRDS,
                        "the mean rank at the end, at most the rank; two-thirds is that part of the rank"),
                new MethodOption("beta1", "0.85", "b1, how much of the old importance stays in each step"),
                new MethodOption("beta2", "0.85", "b2, how much of the old uncertainty stays in each step"),
                new MethodOption(
                        "orthogonal-weight", "0.5", "w, the weight of the orthogonality of A and B in the loss"));
    }

    /**
     * The factor of the update.
     *
     * @param ranks number of triplets; the released code keeps the scale finite where none is left
     */
    public static double scale(TargetWeight target, int ranks) {
        return target.scale() * target.rank() / (ranks + 1e-5);
    }

    @Override
    public TargetUpdate attach(TargetWeight target) {
        return new Target(target, target.optionsOf(this));
    }

    @Override
    public Map<String, String> optionsForRank(int asked, int rank, OptionValues options) {
        if (options.text(TARGET_RANK).equals(TWO_THIRDS)) {
            return Map.of();
        }
        int wanted = options.positiveInt(TARGET_RANK);
        return wanted > rank && wanted <= asked ? Map.of(name() + "." + TARGET_RANK, Integer.toString(rank)) : Map.of();
    }

    private static int targetRank(TargetWeight target, OptionValues options) {
        if (options.text(TARGET_RANK).equals(TWO_THIRDS)) {
            return Math.max(1, Math.round(2 * target.rank() / 3f));
        }
        int wanted = options.positiveInt(TARGET_RANK);
        if (wanted > target.rank()) {
            throw new LowRankException("adalora.target-rank=" + wanted + " is refused: layer " + target.layer()
                    + " starts with rank " + target.rank() + ", and the budget only falls. Use at most " + target.rank()
                    + ", or a higher rank.");
        }
        return wanted;
    }

    /**
     * The triplets of one weight.
     *
     * <p>With C = diag(E) B, a step from A, C to A' = A - dA, C' moves W by s (A' C' - A C) = -s [dA | A'] [C ; C - C']: one
     * product into W, which leaves it as it is, bit for bit, where nothing moves.
     */
    static final class Target extends AttachedUpdate {

        private static final double DEVIATION = 0.02;

        private final INDArray weight;
        private final int rank;
        private final double scale;
        private final AdaLoraBudget.Schedule schedule;
        /** This layer's part of the budget at the end. */
        private final int targetRank;

        private final double orthogonality;
        private final AdaLoraBudget budget;
        /** [dA | A], nIn x 2r. */
        private final INDArray left;
        /** [C ; C - C'], 2r x nOut. */
        private final INDArray right;

        private final INDArray stepOfA;
        private final INDArray a;
        private final INDArray e;
        private final INDArray b;
        private final INDArray product;
        private final INDArray fall;
        /** 1 for the triplets that stay, else 0. */
        private final INDArray chosen;

        private final KeptNumber updates;
        private final List<Importance> importances;

        Target(TargetWeight target, OptionValues options) {
            super(target);
            weight = target.weight();
            rank = target.rank();
            scale = AdaLora.scale(target, rank);
            schedule = new AdaLoraBudget.Schedule(
                    options.positiveInt("total-steps"),
                    options.wholeNumber("initial-steps"),
                    options.wholeNumber("final-steps"),
                    options.positiveInt("interval"));
            targetRank = AdaLora.targetRank(target, options);
            double beta1 = options.belowOne("beta1");
            double beta2 = options.belowOne("beta2");
            orthogonality = options.between("orthogonal-weight", 0, Double.POSITIVE_INFINITY);
            Kept kept = kept();
            left = kept.work("[dA | A]", 'f', target.inputs(), 2L * rank);
            right = kept.work("[C ; dC]", 'c', 2L * rank, target.outputs());
            stepOfA = left.get(NDArrayIndex.all(), NDArrayIndex.interval(0, rank));
            a = kept.saved("A", left.get(NDArrayIndex.all(), NDArrayIndex.interval(rank, 2L * rank)));
            trained("A", 'f', false, a);
            product = right.get(NDArrayIndex.interval(0, rank), NDArrayIndex.all());
            fall = right.get(NDArrayIndex.interval(rank, 2L * rank), NDArrayIndex.all());
            e = trained("E", 'c', true, 1, rank);
            b = trained("B", 'c', true, rank, target.outputs());
            importances = tensors().stream()
                    .map(tensor -> new Importance(tensor, kept, beta1, beta2))
                    .toList();
            chosen = kept.array("kept", 'c', 1, rank);
            kept.fill(() -> chosen.assign(1));
            updates = kept.number("updates", 0);
            budget = target.shared().part(AdaLoraBudget.class, () -> new AdaLoraBudget(schedule));
            budget.add(this, schedule);
        }

        String name() {
            return target().layer();
        }

        int rank() {
            return rank;
        }

        int targetRank() {
            return targetRank;
        }

        /** Updates so far. */
        long updates() {
            return updates.get();
        }

        @Override
        public void start() {
            Random random = target().random("adalora");
            fill(a, random);
            fill(b, random);
        }

        private static void fill(INDArray factor, Random random) {
            double[] drawn = new double[Math.toIntExact(factor.length())];
            for (int i = 0; i < drawn.length; i++) {
                drawn[i] = DEVIATION * random.nextGaussian();
            }
            factor.assign(Nd4j.create(drawn, factor.shape(), 'c').castTo(factor.dataType()));
        }

        @Override
        public void gradient(WeightGradient gradient, INDArray[] gradients) {
            gradient.times(b.transpose(), scale, gradients[0], 0);
            gradient.transposeTimes(a, scale, gradients[2], 0);
            // A^T G B^T has the gradients of E on its diagonal.
            gradients[1].assign(gradients[2].mul(b).sum(1).reshape(1, rank));
            gradients[0].muliRowVector(e);
            gradients[2].muliColumnVector(e.reshape(rank, 1));
        }

        @Override
        public boolean movesUpdaterState() {
            return true;
        }

        @Override
        public void beforeUpdater(INDArray[] gradients, INDArray[] updaterStates) {
            if (orthogonality > 0) {
                addOrthogonality(a, gradients[0], true);
                addOrthogonality(b, gradients[2], false);
            }
            for (int i = 0; i < gradients.length; i++) {
                importances.get(i).see(gradients[i]);
            }
        }

        /** Adds w / L times A (A^T A - I) / |A^T A - I|, or the same for the rows of B. */
        private void addOrthogonality(INDArray factor, INDArray gradient, boolean columns) {
            INDArray excess = Nd4j.eye(rank).castTo(factor.dataType());
            Blas.gemm(factor, factor, excess, columns, !columns, 1, -1);
            double norm = excess.norm2Number().doubleValue();
            if (norm == 0) {
                return;
            }
            excess.muli(orthogonality / budget.size() / norm);
            gradient.addi(columns ? factor.mmul(excess) : excess.mmul(factor));
        }

        /** The budget may take more away before W moves, for all layers at once. */
        @Override
        public void step(INDArray[] steps) {
            moveTriplets(steps);
            long update = updates.increment();
            if (!schedule.isFixed(update)) {
                importances.get(0).update(a);
                importances.get(1).update(e);
                importances.get(2).update(b);
            }
            budget.updated(update);
        }

        @Override
        public void move(INDArray[] steps) {
            moveTriplets(steps);
            moveWeight();
        }

        private void moveTriplets(INDArray[] steps) {
            stepOfA.assign(steps[0]);
            product.assign(b).muliColumnVector(e.reshape(rank, 1));
            a.subi(stepOfA);
            e.subi(steps[1]);
            b.subi(steps[2]);
        }

        /** The score of each triplet. */
        double[] scores() {
            INDArray sum = importances.get(1).score();
            sum.addi(importances.get(0).score().mean(true, 0));
            sum.addi(importances.get(2).score().mean(true, 1).reshape(1, rank));
            return sum.data().asDouble();
        }

        /** Chooses the triplets whose score is above a threshold. */
        void keepAbove(double threshold, double[] scores) {
            for (int i = 0; i < rank; i++) {
                chosen.putScalar(0, i, scores[i] > threshold ? 1 : 0);
            }
        }

        /** Sets E of all other triplets to 0. */
        void dropTriplets() {
            e.muli(chosen);
        }

        /** Moves W to where this update, and the budget, have brought the triplets. */
        void moveWeight() {
            fall.assign(b).muliColumnVector(e.reshape(rank, 1)).rsubi(product);
            Blas.gemm(left, right, weight, false, false, -scale, 1);
        }
    }

    /** AdaLoRA's smoothed importance of each entry of one tensor, and how uncertain it is. */
    private static final class Importance {

        private final double beta1;
        private final double beta2;
        private final INDArray mean;
        private final INDArray uncertainty;
        private final INDArray gradient;

        Importance(TrainedTensor tensor, Kept kept, double beta1, double beta2) {
            this.beta1 = beta1;
            this.beta2 = beta2;
            mean = kept.array("importance" + tensor.name(), tensor.order(), tensor.shape());
            uncertainty = kept.array("uncertainty" + tensor.name(), tensor.order(), tensor.shape());
            gradient = kept.work("gradient" + tensor.name(), tensor.order(), tensor.shape());
        }

        /** Remembers the gradient until the tensor has been updated with it. */
        void see(INDArray gradientOfTensor) {
            gradient.assign(gradientOfTensor);
        }

        /** Takes in |p dp| with the value after its update. */
        void update(INDArray value) {
            INDArray now = gradient.muli(value);
            Transforms.abs(now, false);
            mean.muli(beta1).addi(now.mul(1 - beta1));
            now.subi(mean);
            Transforms.abs(now, false);
            uncertainty.muli(beta2).addi(now.muli(1 - beta2));
        }

        /** The product of both, entry by entry, as a new array. */
        INDArray score() {
            return mean.mul(uncertainty);
        }
    }
}
