package org.lowrank4j.update;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.kind.WeightGradient;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The triplets of one weight.
 *
 * <p>With C = diag(E) B, a step from A, C to A' = A - dA, C' moves W by s (A' C' - A C) = -s [dA | A'] [C ; C - C']: one
 * product into W, which leaves it as it is, bit for bit, where nothing moves.
 */
final class AdaLoraTarget extends OwnStart {

    private static final double DEVIATION = 0.02;
    private static final String KEPT = "kept";
    private static final String UPDATES = "updates";

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
    private final INDArray kept;
    private final INDArray updates = Nd4j.create(DataType.LONG, 1);
    private final List<TrainedTensor> tensors;
    private final List<Importance> importances;

    /**
     * @param scale of the update
     * @param targetRank this layer's part of the budget at the end
     * @param orthogonality weight of the orthogonality loss
     */
    AdaLoraTarget(
            String update,
            TargetWeight target,
            double scale,
            AdaLoraSchedule schedule,
            int targetRank,
            double beta1,
            double beta2,
            double orthogonality) {
        super(update, target);
        this.scale = scale;
        this.schedule = schedule;
        this.targetRank = targetRank;
        this.orthogonality = orthogonality;
        weight = target.weight();
        rank = target.rank();
        DataType type = target.dataType();
        left = Nd4j.create(type, new long[] {target.inputs(), 2L * rank}, 'f');
        right = Nd4j.create(type, new long[] {2L * rank, target.outputs()}, 'c');
        stepOfA = left.get(NDArrayIndex.all(), NDArrayIndex.interval(0, rank));
        a = left.get(NDArrayIndex.all(), NDArrayIndex.interval(rank, 2L * rank));
        product = right.get(NDArrayIndex.interval(0, rank), NDArrayIndex.all());
        fall = right.get(NDArrayIndex.interval(rank, 2L * rank), NDArrayIndex.all());
        e = Nd4j.create(type, new long[] {1, rank}, 'c');
        b = Nd4j.create(type, new long[] {rank, target.outputs()}, 'c');
        kept = Nd4j.ones(type, 1, rank);
        tensors = List.of(
                new TrainedTensor("A", new long[] {target.inputs(), rank}, 'f', a, false),
                new TrainedTensor("E", new long[] {1, rank}, 'c', e, true),
                new TrainedTensor("B", new long[] {rank, target.outputs()}, 'c', b, true));
        importances = List.of(
                new Importance("A", a, beta1, beta2),
                new Importance("E", e, beta1, beta2),
                new Importance("B", b, beta1, beta2));
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
        return updates.data().getLong(0);
    }

    @Override
    public List<TrainedTensor> tensors() {
        return tensors;
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

    @Override
    public void step(INDArray[] steps) {
        stepOfA.assign(steps[0]);
        product.assign(b).muliColumnVector(e.reshape(rank, 1));
        a.subi(stepOfA);
        e.subi(steps[1]);
        b.subi(steps[2]);
        long update = updates() + 1;
        updates.data().put(0, update);
        if (!schedule.isFixed(update)) {
            importances.get(0).update(a);
            importances.get(1).update(e);
            importances.get(2).update(b);
        }
        budget.updated(update);
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
            kept.putScalar(0, i, scores[i] > threshold ? 1 : 0);
        }
    }

    /** Sets E of all other triplets to 0. */
    void dropTriplets() {
        e.muli(kept);
    }

    /** Moves W to where this update, and the budget, have brought the triplets. */
    void moveWeight() {
        fall.assign(b).muliColumnVector(e.reshape(rank, 1)).rsubi(product);
        Blas.gemm(left, right, weight, false, false, -scale, 1);
    }

    @Override
    public Map<String, INDArray> state() {
        Map<String, INDArray> state = new LinkedHashMap<>();
        state.put("A", a);
        state.put("E", e);
        state.put("B", b);
        importances.forEach(importance -> importance.addTo(state));
        state.put(KEPT, kept);
        state.put(UPDATES, updates);
        return state;
    }

    @Override
    public void restore(Map<String, INDArray> state) {
        SavedState.copy(state, "A", a, target());
        SavedState.copy(state, "E", e, target());
        SavedState.copy(state, "B", b, target());
        importances.forEach(importance -> importance.restore(state, target()));
        SavedState.copy(state, KEPT, kept, target());
        SavedState.copy(state, UPDATES, updates, target());
    }
}
