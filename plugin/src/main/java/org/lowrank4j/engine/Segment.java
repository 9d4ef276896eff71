package org.lowrank4j.engine;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.api.TrainingConfig;
import org.deeplearning4j.nn.conf.GradientNormalization;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.regularization.Regularization;

/**
 * What one layer trains, as DL4J's updater code sees a layer: a stretch of the compact gradient vector with the layer's
 * own training settings. Holds arrays and settings, never the layer.
 */
final class Segment implements Trainable {

    /**
     * One trained array.
     *
     * @param name the parameter's own name in DL4J, or the tensor's name of the adapter; no underscore
     * @param value what the updater's steps are subtracted from, null where the update applies them itself
     * @param gradient view of the compact gradient vector, of the value's shape and order
     * @param parameter the layer's parameter whose updater and regularisation apply to it
     * @param derivation makes this array's updater from the user's, for a raised rate or an updater of the method's own
     * @param divided whether its gradient is a sum over the minibatch, to be divided; false for running statistics
     * @param ofAdapter whether it is a tensor of an adapter, whose regularisation its update applies
     */
    record Trained(
            String name,
            @Nullable INDArray value,
            INDArray gradient,
            String parameter,
            UnaryOperator<IUpdater> derivation,
            boolean divided,
            boolean ofAdapter) {}

    private final String layer;
    private final TrainingConfig settings;
    private final INDArray gradient;
    private final Map<String, Trained> trained = new LinkedHashMap<>();
    private final Map<String, IUpdater> updaters = new LinkedHashMap<>();
    private final boolean movesUpdaterState;

    /**
     * @param layer the layer's name
     * @param settings the layer's own training settings
     * @param gradient this layer's stretch of the compact gradient vector, rank 1
     * @param trained in the order of that stretch
     * @param movesUpdaterState whether an update edits the updater's state, so that no block may mix it with others
     */
    Segment(
            String layer,
            TrainingConfig settings,
            INDArray gradient,
            List<Trained> trained,
            boolean movesUpdaterState) {
        this.layer = layer;
        this.settings = settings;
        this.gradient = gradient;
        this.movesUpdaterState = movesUpdaterState;
        for (Trained one : trained) {
            this.trained.put(one.name(), one);
            updaters.put(one.name(), one.derivation().apply(settings.getUpdaterByParam(one.parameter())));
        }
    }

    /** The same segment with its updaters derived anew, after the user changed theirs. */
    Segment withCurrentUpdaters() {
        return new Segment(layer, settings, gradient, trained(), movesUpdaterState);
    }

    String layer() {
        return layer;
    }

    boolean movesUpdaterState() {
        return movesUpdaterState;
    }

    List<Trained> trained() {
        return new ArrayList<>(trained.values());
    }

    /** The gradients by name, as gradient normalisation wants them. */
    Gradient gradients() {
        Gradient gradients = new DefaultGradient(gradient);
        trained.forEach((name, one) -> gradients.setGradientFor(name, one.gradient()));
        return gradients;
    }

    /** The l1, l2 and weight decay terms of the score. */
    double regularizationScore(int iteration, int epoch) {
        double sum = 0;
        for (Trained one : trained.values()) {
            INDArray value = one.value();
            for (Regularization regularization : regularization(one)) {
                if (value != null) {
                    sum += regularization.score(value, iteration, epoch);
                }
            }
        }
        return sum;
    }

    private List<Regularization> regularization(Trained one) {
        return terms(one.parameter());
    }

    /** The user's l1, l2 and weight decay for one parameter of the layer. */
    List<Regularization> terms(String parameter) {
        List<Regularization> terms = settings.getRegularizationByParam(parameter);
        return terms == null ? List.of() : terms;
    }

    IUpdater updater(String name) {
        return Objects.requireNonNull(updaters.get(one(name).name()));
    }

    @Override
    public TrainingConfig getConfig() {
        return new Config();
    }

    @Override
    public long numParams() {
        return gradient.length();
    }

    @Override
    public INDArray params() {
        throw new UnsupportedOperationException("The trained arrays of layer " + layer + " are not contiguous.");
    }

    @Override
    public Map<String, INDArray> paramTable(boolean backpropOnly) {
        throw new UnsupportedOperationException("A projected gradient of layer " + layer + " has no parameter.");
    }

    @Override
    public boolean updaterDivideByMinibatch(String paramName) {
        return one(paramName).divided();
    }

    @Override
    public INDArray getGradientsViewArray() {
        return gradient;
    }

    private Trained one(String name) {
        Trained one = trained.get(name);
        if (one == null) {
            throw new IllegalArgumentException("Layer " + layer + " trains no " + name);
        }
        return one;
    }

    /** The layer's settings, answering for the trained arrays. */
    private final class Config implements TrainingConfig {
        @Override
        public String getLayerName() {
            return layer;
        }

        @Override
        public List<Regularization> getRegularizationByParam(String paramName) {
            Trained one = one(paramName);
            return one.ofAdapter() ? List.of() : regularization(one);
        }

        @Override
        public boolean isPretrainParam(String paramName) {
            return false;
        }

        @Override
        public IUpdater getUpdaterByParam(String paramName) {
            return updater(paramName);
        }

        @Override
        public GradientNormalization getGradientNormalization() {
            return settings.getGradientNormalization();
        }

        @Override
        public double getGradientNormalizationThreshold() {
            return settings.getGradientNormalizationThreshold();
        }

        @Override
        public void setDataType(DataType dataType) {
            throw new UnsupportedOperationException("The type of layer " + layer + " is the network's.");
        }
    }
}
