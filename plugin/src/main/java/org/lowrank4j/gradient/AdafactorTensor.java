package org.lowrank4j.gradient;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.gradient.Adafactor.RelativeStep;
import org.lowrank4j.update.TrainedTensor;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.ops.transforms.Transforms;

/** The state of one tensor under {@link Adafactor}, and its steps. */
final class AdafactorTensor implements MethodUpdater.Rule {

    /** Keeps a second moment away from 0. */
    private static final double SMALLEST_SQUARE = 1e-30;
    /** The RMS that a smaller tensor is taken to have. */
    private static final double SMALLEST_SIZE = 1e-3;

    private static final double LARGEST_STEP = 1e-2;
    private static final double WARM_UP = 1e-6;

    private final TrainedTensor tensor;
    private final Adafactor.Settings settings;
    private final INDArray rows;
    private final INDArray columns;
    private final @Nullable INDArray momentum;
    private final INDArray step = Nd4j.create(DataType.LONG, 1);
    /** The rate of the last step. */
    private double lastRate;

    AdafactorTensor(TrainedTensor tensor, DataType type, Adafactor.Settings settings) {
        this.tensor = tensor;
        this.settings = settings;
        rows = Nd4j.create(type, tensor.shape()[0]);
        columns = Nd4j.create(type, tensor.shape()[1]);
        momentum = settings.momentum() == 0 ? null : Nd4j.create(type, tensor.length());
    }

    @Override
    public void apply(INDArray gradient, IUpdater users, int iteration, int epoch) {
        long t = step.data().getLong(0) + 1;
        step.data().put(0, t);
        INDArray g = gradient.reshape(tensor.order(), tensor.shape());
        INDArray squares = g.mul(g).addi(SMALLEST_SQUARE);
        double forgotten = Math.pow(t, -settings.decay());
        rows.muli(1 - forgotten).addi(squares.mean(1).muli(forgotten));
        columns.muli(1 - forgotten).addi(squares.mean(0).muli(forgotten));

        // 1 / sqrt(R C / mean(R)) by rows and columns, so that no product of two small numbers is formed.
        INDArray ofRows = Transforms.pow(rows.div(rows.meanNumber()), -0.5, false);
        INDArray ofColumns = Transforms.pow(columns, -0.5);
        g.muliColumnVector(ofRows.reshape(rows.length(), 1)).muliRowVector(ofColumns.reshape(1, columns.length()));
        double size = rootMeanSquare(g);
        lastRate = nextRate(users, iteration, epoch, t);
        gradient.muli(lastRate / Math.max(1, size / settings.clip()));
        INDArray past = momentum;
        if (past != null) {
            past.muli(settings.momentum()).addi(gradient.mul(1 - settings.momentum()));
            gradient.assign(past);
        }
    }

    private double nextRate(IUpdater users, int iteration, int epoch, long t) {
        double usersRate = MethodUpdater.Rule.super.rate(users, iteration, epoch);
        INDArray value = tensor.value();
        if (settings.relativeStep() == RelativeStep.NO || usersRate == 0 || value == null) {
            return usersRate;
        }
        double largest = settings.relativeStep() == RelativeStep.WARM_UP ? WARM_UP * t : LARGEST_STEP;
        return Math.min(largest, 1 / Math.sqrt(t)) * Math.max(SMALLEST_SIZE, rootMeanSquare(value));
    }

    /** What decoupled decay is multiplied by: it runs after the step. */
    @Override
    public double rate(IUpdater users, int iteration, int epoch) {
        return settings.relativeStep() == RelativeStep.NO
                ? MethodUpdater.Rule.super.rate(users, iteration, epoch)
                : lastRate;
    }

    private static double rootMeanSquare(INDArray array) {
        return array.norm2Number().doubleValue() / Math.sqrt(array.length());
    }

    /** Live arrays by name. */
    Map<String, INDArray> state() {
        Map<String, INDArray> state = new LinkedHashMap<>();
        state.put("rows", rows);
        state.put("columns", columns);
        INDArray past = momentum;
        if (past != null) {
            state.put("momentum", past);
        }
        state.put("step", step);
        return state;
    }
}
