package org.lowrank4j.kind;

import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.layers.BaseOutputLayer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.loss.TrainingLoss;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.lossfunctions.ILossFunction;

/**
 * The gradients of an output layer, and its score where another loss stands for its own; DL4J makes the products with W.
 * The layer and its configuration keep their own loss: nothing that is saved, printed or evaluated ever sees the other.
 */
final class OutputPasses implements LayerPasses {

    static final OutputLoss LOSS = new OutputLoss() {
        @Override
        public ILossFunction of(BaseLayer<?> layer) {
            return configuration(layer).getLossFn();
        }

        @Override
        public IActivation activation(BaseLayer<?> layer) {
            return configuration(layer).getActivationFn();
        }
    };

    private final LayerTraining training;

    OutputPasses(LayerTraining training) {
        this.training = training;
    }

    private static org.deeplearning4j.nn.conf.layers.BaseOutputLayer configuration(BaseLayer<?> layer) {
        return (org.deeplearning4j.nn.conf.layers.BaseOutputLayer) layer.conf().getLayer();
    }

    @Override
    public Pair<Gradient, INDArray> outputGradients(
            BaseLayer<?> layer, INDArray preOutput, LayerWorkspaceMgr workspaces) {
        INDArray delta = delta((BaseOutputLayer<?>) layer, preOutput, workspaces);
        Gradient trained = new DefaultGradient();
        DensePasses.biasGradient(training, delta, trained);
        INDArray x =
                layer.input().castTo(training.weight(layer, DensePasses.WEIGHT).dataType());
        DensePasses.weightGradient(training, x, delta, trained);
        return new Pair<>(trained, workspaces.leverageTo(ArrayType.ACTIVATION_GRAD, delta));
    }

    /** dL/dz, summed over the examples. */
    private INDArray delta(BaseOutputLayer<?> layer, INDArray preOutput, LayerWorkspaceMgr workspaces) {
        TrainingLoss replaced = training.loss();
        INDArray labels = LayerInternals.labels2d(layer, workspaces, ArrayType.BP_WORKING_MEM);
        INDArray mask = layer.getMaskArray();
        return replaced == null
                ? LOSS.of(layer).computeGradient(labels, preOutput, LOSS.activation(layer), mask)
                : replaced.gradient(labels, preOutput, LOSS.of(layer), mask);
    }

    @Override
    public @Nullable Double outputScore(
            BaseLayer<?> layer, double regularization, boolean inTraining, LayerWorkspaceMgr workspaces) {
        TrainingLoss replaced = training.loss();
        if (replaced == null) {
            return null;
        }
        BaseOutputLayer<?> output = (BaseOutputLayer<?>) layer;
        double sum = replaced.score(
                LayerInternals.labels2d(output, workspaces, ArrayType.FF_WORKING_MEM),
                LayerInternals.preOutput2d(output, inTraining, workspaces),
                LOSS.of(output),
                output.getMaskArray());
        double score = (output.conf().isMiniBatch() ? sum / output.getInputMiniBatchSize() : sum) + regularization;
        LayerInternals.score(output, score, regularization);
        return score;
    }
}
