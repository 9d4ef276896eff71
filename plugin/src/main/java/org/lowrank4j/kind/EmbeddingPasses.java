package org.lowrank4j.kind;

import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.params.DefaultParamInitializer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The passes of an embedding, of single tokens or of series: the rows of its table for the tokens of the minibatch. Where DL4J
 * fills a gradient of the table's size in every step, the rows and their deltas are handed over, and nothing here is of the
 * size of the vocabulary. Nothing is passed on: tokens have no gradient.
 */
final class EmbeddingPasses implements LayerPasses {

    private static final String WEIGHT = DefaultParamInitializer.WEIGHT_KEY;

    private final LayerTraining training;
    private final TokenInput input;
    private @Nullable Tokens tokens;
    private @Nullable INDArray preActivation;

    EmbeddingPasses(LayerTraining training, TokenInput input) {
        this.training = training;
        this.input = input;
    }

    @Override
    public void forget() {
        tokens = null;
        preActivation = null;
    }

    /** The layer's output in training; null to let DL4J answer (and complain) where the input does not fit. */
    @Override
    public @Nullable INDArray forward(BaseLayer<?> layer, LayerWorkspaceMgr workspaces) {
        forget();
        INDArray table = training.weight(layer, WEIGHT);
        Tokens read = layer.input() == null ? null : input.tokens(layer, table.size(0));
        if (read == null) {
            return null;
        }
        INDArray z = workspaces.createUninitialized(
                ArrayType.ACTIVATIONS, table.dataType(), new long[] {read.rows(), table.size(1)}, 'c');
        read.times(table, z);
        training.addLagging(WEIGHT, read, z);
        if (layer.hasBias()) {
            z.addiRowVector(layer.getParam(DefaultParamInitializer.BIAS_KEY));
        }
        INDArray shaped = input.shaped(layer, z);
        IActivation activation = layer.layerConf().getActivationFn();
        boolean kept = activation instanceof ActivationIdentity;
        tokens = read;
        preActivation = kept ? shaped : workspaces.dup(ArrayType.ACTIVATIONS, shaped, 'c');
        INDArray output = activation.getActivation(shaped, true);
        input.mask(layer, output);
        return output;
    }

    @Override
    public @Nullable Pair<Gradient, INDArray> backward(
            BaseLayer<?> layer, INDArray epsilon, LayerWorkspaceMgr workspaces) {
        layer.assertInputSet(true);
        if (tokens == null) {
            training.catchUp();
            forward(layer, workspaces);
        }
        Tokens read = tokens;
        INDArray z = preActivation;
        if (read == null || z == null) {
            return null;
        }
        forget();
        INDArray delta =
                layer.layerConf().getActivationFn().backprop(z, epsilon).getFirst();
        input.mask(layer, delta);
        INDArray rows = input.rows(layer, delta);
        Gradient trained = new DefaultGradient();
        DensePasses.biasGradient(training, rows, trained);
        INDArray shown = training.take(WEIGHT, new TokenGradient(read, rows), delta.size(0));
        if (shown != null) {
            trained.gradientForVariable().put(WEIGHT, shown);
        }
        return new Pair<>(trained, null);
    }
}
