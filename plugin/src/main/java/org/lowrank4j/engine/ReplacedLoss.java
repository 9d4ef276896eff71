package org.lowrank4j.engine;

import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.BaseOutputLayer;
import org.deeplearning4j.nn.params.DefaultParamInitializer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.loss.TrainingLoss;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.ILossFunction;

/**
 * An output layer's loss in the place of the layer's own, inside the steps of an adapted network only. The layer and its
 * configuration keep their own loss: nothing that is saved, printed or evaluated ever sees this one.
 */
public final class ReplacedLoss {

    private static final String WEIGHT = DefaultParamInitializer.WEIGHT_KEY;
    private static final String BIAS = DefaultParamInitializer.BIAS_KEY;

    private final String layer;
    private final StepState step;
    private final TrainingLoss loss;
    private boolean scored;

    /** @param step shared with the session */
    ReplacedLoss(String layer, StepState step, TrainingLoss loss) {
        this.layer = layer;
        this.step = step;
        this.loss = loss;
    }

    /** The loss that a layer trains with in the running step; null for its own. */
    public static @Nullable ReplacedLoss inStep(BaseOutputLayer<?> layer) {
        ReplacedLoss replaced = AdaptedGradients.lossOf(layer);
        return replaced != null && replaced.step.running() ? replaced : null;
    }

    /** Why a loss cannot stand for that of an output layer, as a clause; null if it can. */
    static @Nullable String refusal(TrainingLoss loss, Part part) {
        if (!NetworkParts.adaptable(part.layer()) || !(part.layer() instanceof BaseOutputLayer<?> output)) {
            return "its type " + part.shape().type() + " is not supported (supported: OutputLayer, RnnOutputLayer)";
        }
        return loss.refusal(own(output), activation(output));
    }

    String layer() {
        return layer;
    }

    /** Whether a step has passed without asking for this loss. */
    boolean isMissed() {
        return !scored;
    }

    /** dL/dz, summed over the examples. */
    INDArray delta(BaseOutputLayer<?> output, INDArray preOutput, LayerWorkspaceMgr workspaces) {
        return loss.gradient(
                Dl4jInternals.labels2d(output, workspaces, ArrayType.BP_WORKING_MEM),
                preOutput,
                own(output),
                output.getMaskArray());
    }

    /** The gradients of a layer whose parameters all train, written into its views, and delta for what is below. */
    public Pair<Gradient, INDArray> gradients(
            BaseOutputLayer<?> output, INDArray preOutput, LayerWorkspaceMgr workspaces) {
        INDArray delta = delta(output, preOutput, workspaces);
        Gradient gradients = new DefaultGradient();
        INDArray ofWeight = Dl4jInternals.gradientView(output, WEIGHT);
        Nd4j.gemm(output.input().castTo(ofWeight.dataType()), delta, ofWeight, true, false, 1.0, 0.0);
        gradients.gradientForVariable().put(WEIGHT, ofWeight);
        if (output.hasBias()) {
            INDArray ofBias = Dl4jInternals.gradientView(output, BIAS);
            delta.sum(ofBias, 0);
            gradients.gradientForVariable().put(BIAS, ofBias);
        }
        return new Pair<>(gradients, workspaces.leverageTo(ArrayType.ACTIVATION_GRAD, delta));
    }

    /**
     * The layer's part of the network's score.
     *
     * @param regularization the l1, l2 and weight decay terms, to be added
     */
    public double score(
            BaseOutputLayer<?> output, double regularization, boolean training, LayerWorkspaceMgr workspaces) {
        scored = true;
        double sum = loss.score(
                Dl4jInternals.labels2d(output, workspaces, ArrayType.FF_WORKING_MEM),
                Dl4jInternals.preOutput2d(output, training, workspaces),
                own(output),
                output.getMaskArray());
        double score = (output.conf().isMiniBatch() ? sum / output.getInputMiniBatchSize() : sum) + regularization;
        Dl4jInternals.score(output, score, regularization);
        return score;
    }

    private static ILossFunction own(BaseOutputLayer<?> output) {
        return configuration(output).getLossFn();
    }

    private static IActivation activation(BaseOutputLayer<?> output) {
        return configuration(output).getActivationFn();
    }

    private static org.deeplearning4j.nn.conf.layers.BaseOutputLayer configuration(BaseOutputLayer<?> output) {
        return (org.deeplearning4j.nn.conf.layers.BaseOutputLayer) output.conf().getLayer();
    }
}
