package org.lowrank4j.update;

import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.updaters.AdamUpdater;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.schedule.ISchedule;

/**
 * ND4J's Adam with a step count for each vector of a tensor instead of one for all, for updates that clear the state of
 * single vectors. Rates, schedule and epsilon are the user's; where all counts are equal it computes what Adam does.
 *
 * <p>The tensor must be r vectors that follow one another in memory. State is laid out as Adam's: m, then v.
 */
public final class VectorwiseAdam implements IUpdater {

    private static final long serialVersionUID = 1L;

    /** A step at which Adam's bias correction has long become 1. */
    private static final int CORRECTION_IS_ONE = 1 << 30;

    private final Adam adam;
    private final transient INDArray steps;

    /**
     * @param adam the user's settings, read at every step and never changed by a step
     * @param steps the number of updates that each vector has had, r whole numbers; counted up by every update
     */
    public VectorwiseAdam(Adam adam, INDArray steps) {
        this.adam = adam;
        this.steps = steps;
    }

    @Override
    public long stateSize(long numParams) {
        return adam.stateSize(numParams);
    }

    @Override
    public GradientUpdater<VectorwiseAdam> instantiate(INDArray viewArray, boolean initializeViewArray) {
        Updater updater = new Updater(this);
        updater.setStateViewArray(
                viewArray, new long[] {viewArray.length() / 2}, viewArray.ordering(), initializeViewArray);
        return updater;
    }

    @Override
    public GradientUpdater<VectorwiseAdam> instantiate(
            Map<String, INDArray> updaterState, boolean initializeStateArrays) {
        Updater updater = new Updater(this);
        updater.setState(updaterState, initializeStateArrays);
        return updater;
    }

    /** A copy with its own settings that counts the same vectors' steps. */
    @Override
    @SuppressWarnings("MethodDoesntCallSuperMethod")
    public VectorwiseAdam clone() {
        return new VectorwiseAdam(adam.clone(), steps);
    }

    @Override
    public double getLearningRate(int iteration, int epoch) {
        return adam.getLearningRate(iteration, epoch);
    }

    @Override
    public boolean hasLearningRate() {
        return true;
    }

    @Override
    public void setLrAndSchedule(double lr, ISchedule lrSchedule) {
        adam.setLrAndSchedule(lr, lrSchedule);
    }

    private static final class Updater implements GradientUpdater<VectorwiseAdam> {

        private final VectorwiseAdam config;
        private INDArray m = Nd4j.empty(DataType.FLOAT);
        private INDArray v = Nd4j.empty(DataType.FLOAT);

        Updater(VectorwiseAdam config) {
            this.config = config;
        }

        @Override
        public VectorwiseAdam getConfig() {
            return config;
        }

        @Override
        public void setState(Map<String, INDArray> stateMap, boolean initialize) {
            INDArray mean = stateMap.get("M");
            INDArray variance = stateMap.get("V");
            if (mean == null || variance == null) {
                throw new IllegalArgumentException("the state must be M and V, and it is " + stateMap.keySet());
            }
            m = vectors(mean);
            v = vectors(variance);
            if (initialize) {
                m.assign(0);
                v.assign(0);
            }
        }

        @Override
        public Map<String, INDArray> getState() {
            Map<String, INDArray> state = new LinkedHashMap<>();
            state.put("M", m);
            state.put("V", v);
            return state;
        }

        @Override
        public void setStateViewArray(
                INDArray viewArray, long[] gradientShape, char gradientOrder, boolean initialize) {
            INDArray flat = viewArray.reshape(viewArray.length());
            long half = flat.length() / 2;
            if (initialize) {
                flat.assign(0);
            }
            m = vectors(flat.get(NDArrayIndex.interval(0, half)));
            v = vectors(flat.get(NDArrayIndex.interval(half, 2 * half)));
        }

        @Override
        public void applyUpdater(INDArray gradient, int iteration, int epoch) {
            Adam adam = config.adam;
            INDArray step = vectors(gradient);
            // m / (sqrt(v) + epsilon) for all vectors at once, then each one's own rate and bias correction.
            Nd4j.exec(new AdamUpdater(
                    step, v, m, 1, adam.getBeta1(), adam.getBeta2(), adam.getEpsilon(), CORRECTION_IS_ONE));
            step.muliColumnVector(rates(adam, adam.getLearningRate(iteration, epoch), gradient.dataType()));
        }

        private INDArray rates(Adam adam, double learningRate, DataType type) {
            double[] rates = new double[(int) config.steps.length()];
            for (int i = 0; i < rates.length; i++) {
                long count = config.steps.data().getLong(i) + 1;
                config.steps.data().put(i, count);
                rates[i] = learningRate
                        * Math.sqrt(1 - Math.pow(adam.getBeta2(), count))
                        / (1 - Math.pow(adam.getBeta1(), count));
            }
            return Nd4j.createFromArray(rates).castTo(type).reshape(rates.length, 1);
        }

        /** A view as r rows, whether it comes flat or with the tensor's shape and order. */
        private INDArray vectors(INDArray view) {
            long count = config.steps.length();
            if (view.isVectorOrScalar()) {
                return view.reshape('c', count, view.length() / count);
            }
            return view.ordering() == 'f' ? view.transpose() : view;
        }
    }
}
