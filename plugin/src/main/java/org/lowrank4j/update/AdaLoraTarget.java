package org.lowrank4j.update;

import java.util.List;
import java.util.Random;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.KeptNumber;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The triplets of one weight.
 *
 * <p>With C = diag(E) B, a step from A, C to A' = A - dA, C' moves W by s (A' C' - A C) = -s [dA | A'] [C ; C - C']: one
 * product into W, which leaves it as it is, bit for bit, where nothing moves.
 */
final class AdaLoraTarget extends AttachedUpdate {

    private static final double DEVIATION = 0.02;

    private final INDArray weight;
    private final int rank;
    private final double scale;
    private final AdaLoraSchedule schedule;
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

    /**
     * @param scale of the update
     * @param targetRank this layer's part of the budget at the end
     * @param orthogonality weight of the orthogonality loss
     */
    AdaLoraTarget(
            TargetWeight target,
            double scale,
            AdaLoraSchedule schedule,
            int targetRank,
            double beta1,
            double beta2,
            double orthogonality) {
        super(target);
        this.scale = scale;
        this.schedule = schedule;
        this.targetRank = targetRank;
        this.orthogonality = orthogonality;
        weight = target.weight();
        rank = target.rank();
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
