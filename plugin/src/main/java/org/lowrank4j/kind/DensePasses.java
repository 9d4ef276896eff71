package org.lowrank4j.kind;

import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.params.DefaultParamInitializer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.blas.Blas;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.transforms.custom.LayerNorm;
import org.nd4j.linalg.api.ops.impl.transforms.custom.LayerNormBp;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The forward and backward pass of a dense layer whose W is adapted or frozen.
 *
 * <p>Next to the stock layer it saves: dL/dW (never formed), the second pre-activation product in the backward pass (the
 * first is kept), epsilon where nothing below is trained, and the copy that DL4J's product into a row-major array makes.
 * All arrays are examples x units; row-major as in the stock layer, but column-major for few examples.
 */
final class DensePasses implements LayerPasses {

    private static final String BIAS = DefaultParamInitializer.BIAS_KEY;
    static final String WEIGHT = DefaultParamInitializer.WEIGHT_KEY;
    private static final String GAIN = DefaultParamInitializer.GAIN_KEY;

    /** Up to so many examples, BLAS is measurably faster with W as the second matrix of a product than as the first. */
    private static final int FEW_EXAMPLES = 64;

    private final LayerTraining training;
    private final Ones ones = new Ones();

    private @Nullable INDArray preActivation;
    private @Nullable INDArray preNorm;

    DensePasses(LayerTraining training) {
        this.training = training;
    }

    @Override
    public void forget() {
        preActivation = null;
        preNorm = null;
    }

    /**
     * The layer's output in training, keeping the pre-activation for {@link #backward}; null to let the stock layer
     * answer (and complain) where the input does not fit.
     */
    @Override
    public @Nullable INDArray forward(BaseLayer<?> layer, LayerWorkspaceMgr workspaces) {
        forget();
        if (layer.input() == null) {
            return null;
        }
        LayerInternals.applyDropout(layer, workspaces);
        INDArray weight = training.weight(layer, WEIGHT);
        INDArray x = layer.input().castTo(weight.dataType());
        if (x.rank() != 2 || x.size(1) != weight.size(0)) {
            return null;
        }
        INDArray z = product(x, weight, false, workspaces, ArrayType.ACTIVATIONS);
        training.addLagging(WEIGHT, x, z);
        if (layer.hasLayerNorm()) {
            preNorm = workspaces.dup(ArrayType.ACTIVATIONS, z, 'c');
            Nd4j.getExecutioner().exec(new LayerNorm(preNorm, layer.getParam(GAIN), z, true, 1));
        }
        if (layer.hasBias()) {
            Blas.addRow(layer.getParam(BIAS), ones.of(z.dataType(), z.size(0)), z);
        }
        boolean masked = layer.getMaskArray() != null;
        if (masked) {
            LayerInternals.applyMask(layer, z);
        }
        IActivation activation = layer.layerConf().getActivationFn();
        preActivation = !training.outputMayBeOverwritten() && ActivatedUnits.outputStandsForInput(activation)
                ? z
                : workspaces.dup(ArrayType.ACTIVATIONS, z, z.ordering());
        INDArray output = activation.getActivation(z, true);
        if (masked) {
            LayerInternals.applyMask(layer, output);
        }
        return output;
    }

    /** The backward pass of a dense layer: gradients of what is trained, and epsilon for the layer below or null. */
    @Override
    public Pair<Gradient, INDArray> backward(BaseLayer<?> layer, INDArray epsilon, LayerWorkspaceMgr workspaces) {
        layer.assertInputSet(true);
        INDArray z = preActivation;
        INDArray unnormalised = preNorm;
        if (z == null) {
            training.catchUp();
            Pair<INDArray, INDArray> recomputed = LayerInternals.preOutputWithPreNorm(layer, workspaces);
            z = recomputed.getFirst();
            unnormalised = recomputed.getSecond();
        }
        forget();
        INDArray delta = throughActivation(layer.layerConf().getActivationFn(), z, epsilon);
        if (layer.getMaskArray() != null) {
            LayerInternals.applyMask(layer, delta);
        }
        Gradient trained = new DefaultGradient();
        biasGradient(training, delta, trained);
        INDArray weight = training.weight(layer, WEIGHT);
        if (layer.hasLayerNorm()) {
            INDArray gain = layer.getParam(GAIN);
            INDArray gainGradient = training.gradient(GAIN);
            INDArray ofGain = gainGradient == null
                    ? workspaces.createUninitialized(
                            ArrayType.BP_WORKING_MEM, gain.dataType(), gain.shape(), gain.ordering())
                    : gainGradient;
            Nd4j.getExecutioner().exec(new LayerNormBp(unnormalised, gain, delta, delta, ofGain, true, 1));
            if (gainGradient != null) {
                trained.gradientForVariable().put(GAIN, gainGradient);
            }
        }
        weightGradient(training, layer.input().castTo(weight.dataType()), delta, trained);
        if (!training.needsEpsilon()) {
            return new Pair<>(trained, null);
        }
        INDArray below = product(delta, weight, true, workspaces, ArrayType.ACTIVATION_GRAD);
        training.addLaggingBackwards(WEIGHT, below);
        return new Pair<>(trained, LayerInternals.backpropDropout(layer, below));
    }

    /** delta = dL/dz. */
    private static INDArray throughActivation(IActivation activation, INDArray z, INDArray epsilon) {
        return ActivatedUnits.isRectifier(activation)
                ? ActivatedUnits.rectified(z, inOrderOf(z, epsilon))
                : activation.backprop(z, epsilon).getFirst();
    }

    /** Layers that are not adapted hand back row-major arrays, and ND4J is slow on two orders. */
    private static INDArray inOrderOf(INDArray like, INDArray array) {
        if (array.ordering() == like.ordering() || array.dataType() != like.dataType()) {
            return array;
        }
        INDArray ordered = like.ulike();
        Blas.copy(array, ordered);
        return ordered;
    }

    /** The gradient of the bias, if it trains. */
    static void biasGradient(LayerTraining training, INDArray delta, Gradient trained) {
        INDArray gradient = training.gradient(BIAS);
        if (gradient != null) {
            delta.sum(gradient, 0);
            trained.gradientForVariable().put(BIAS, gradient);
        }
    }

    /** That of W, by its two factors. */
    static void weightGradient(LayerTraining training, INDArray x, INDArray delta, Gradient trained) {
        INDArray shown = training.take(WEIGHT, new OuterProduct(x, delta), x.size(0));
        if (shown != null) {
            trained.gradientForVariable().put(WEIGHT, shown);
        }
    }

    /**
     * left W or left W^T by one product. BLAS results are column-major, and for a row-major one ND4J would multiply into a
     * temporary and copy it; so this is the column-major transpose of the result, or for few examples the result itself.
     * Never so under dropout, which draws in the order of memory and must draw as it does in stock training.
     */
    private INDArray product(
            INDArray left, INDArray weight, boolean transposed, LayerWorkspaceMgr workspaces, ArrayType where) {
        long examples = left.size(0);
        long units = weight.size(transposed ? 0 : 1);
        if (examples <= FEW_EXAMPLES && !training.outputMayBeOverwritten()) {
            INDArray result =
                    workspaces.createUninitialized(where, weight.dataType(), new long[] {examples, units}, 'f');
            Blas.gemm(left, weight, result, false, transposed, 1.0, 0.0);
            return result;
        }
        INDArray result = workspaces.createUninitialized(where, weight.dataType(), new long[] {units, examples}, 'f');
        Blas.gemm(weight, left, result, !transposed, true, 1.0, 0.0);
        return result.transpose();
    }
}
