package org.lowrank4j.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.kind.Formed;
import org.lowrank4j.kind.OuterProduct;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.LoraPlusRate;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TrainedTensor;
import org.nd4j.autodiff.samediff.TrainingConfig;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.nd4j.linalg.learning.regularization.Regularization.ApplyStep;

/** One weight of a graph that is adapted: its method, the gradients of what the method trains, and their updaters. */
final class GraphTarget {

    private final GraphWeight weight;
    private final INDArray array;
    private final TargetWeight target;
    private final TargetUpdate update;
    private final INDArray[] gradients;
    private final INDArray[] states;
    private final List<GradientUpdater<?>> updaters = new ArrayList<>();
    private final List<IUpdater> configured = new ArrayList<>();

    /**
     * @param array the variable's, on whose memory the target's matrix is
     * @param chosen puts the rule's updater and rate in the place of the configuration's
     * @param ratio of LoRA+
     */
    GraphTarget(
            GraphWeight weight,
            INDArray array,
            TargetWeight target,
            TargetUpdate update,
            TrainingConfig configuration,
            UnaryOperator<IUpdater> chosen,
            double ratio) {
        this.weight = weight;
        this.array = array;
        this.target = target;
        this.update = update;
        List<TrainedTensor> tensors = update.tensors();
        gradients = new INDArray[tensors.size()];
        states = new INDArray[tensors.size()];
        for (int i = 0; i < gradients.length; i++) {
            TrainedTensor tensor = tensors.get(i);
            IUpdater users = chosen.apply(configuration.getUpdater());
            IUpdater its = update.updater(tensor, tensor.outputSide() ? LoraPlusRate.scaled(users, ratio) : users);
            long length = its.stateSize(tensor.length());
            gradients[i] = Nd4j.create(target.dataType(), tensor.shape(), tensor.order());
            INDArray state = length == 0 ? null : Nd4j.create(target.dataType(), 1, length);
            states[i] = state == null ? Nd4j.empty(target.dataType()) : state;
            GradientUpdater<?> updater = its.instantiate(state, false);
            updater.setStateViewArray(state, tensor.shape(), tensor.order(), true);
            updaters.add(updater);
            configured.add(its);
        }
    }

    GraphWeight weight() {
        return weight;
    }

    INDArray array() {
        return array;
    }

    TargetWeight target() {
        return target;
    }

    TargetUpdate update() {
        return update;
    }

    /** Takes dL/dW as the graph made it: an array of the weight's shape. */
    void formed(INDArray gradient) {
        INDArray order = gradient.ordering() == 'c' ? gradient : gradient.dup('c');
        take(new Formed(weight.matrix(order)));
    }

    /** Takes dL/dW = X^T D as the rows that go in and the deltas of those that come out. */
    void rows(INDArray inputs, INDArray deltas) {
        take(new OuterProduct(inputs, deltas));
    }

    private void take(WeightGradient gradient) {
        update.gradient(gradient, gradients);
    }

    /** Whether what was taken last is finite. */
    boolean isFinite() {
        for (INDArray gradient : gradients) {
            if (!Double.isFinite(gradient.sumNumber().doubleValue())) {
                return false;
            }
        }
        return true;
    }

    /** Makes steps of the gradients and takes them: regularisation and updater in stock's order. */
    void step(TrainingConfig configuration, int iteration, int epoch) {
        update.beforeUpdater(gradients, states);
        regularise(configuration, ApplyStep.BEFORE_UPDATER, iteration, epoch);
        for (int i = 0; i < gradients.length; i++) {
            updaters.get(i).applyUpdater(gradients[i], iteration, epoch);
        }
        regularise(configuration, ApplyStep.POST_UPDATER, iteration, epoch);
        if (!configuration.isMinimize()) {
            for (INDArray step : gradients) {
                step.negi();
            }
        }
        update.step(gradients);
    }

    private void regularise(TrainingConfig configuration, ApplyStep when, int iteration, int epoch) {
        @Nullable List<Regularization> terms = configuration.getRegularization();
        if (terms == null || terms.isEmpty()) {
            return;
        }
        double[] rates = new double[gradients.length];
        for (int i = 0; i < rates.length; i++) {
            IUpdater its = configured.get(i);
            rates[i] = its.hasLearningRate() ? its.getLearningRate(iteration, epoch) : 1;
        }
        for (Regularization term : terms) {
            if (term.applyStep() == when) {
                update.regularise(term, gradients, rates, iteration, epoch);
            }
        }
    }
}
