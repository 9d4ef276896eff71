package org.lowrank4j.engine;

import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.layers.BaseOutputLayer;
import org.deeplearning4j.nn.params.DefaultParamInitializer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.update.SidePath;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.scalar.Step;
import org.nd4j.linalg.api.ops.impl.transforms.custom.LayerNorm;
import org.nd4j.linalg.api.ops.impl.transforms.custom.LayerNormBp;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The forward and backward pass of a dense or output layer whose W is adapted or frozen.
 *
 * <p>Next to the stock layer it saves: dL/dW (never formed), the second pre-activation product in the backward pass (the
 * first is kept), epsilon where nothing below is trained, and the copy that DL4J's product into a row-major array makes.
 * All arrays are examples x units; row-major as in the stock layer, but column-major for few examples.
 */
public final class AdaptedLayer {

    private static final String BIAS = DefaultParamInitializer.BIAS_KEY;
    private static final String WEIGHT = DefaultParamInitializer.WEIGHT_KEY;
    private static final String GAIN = DefaultParamInitializer.GAIN_KEY;

    /** Up to so many examples, BLAS is measurably faster with W as the second matrix of a product than as the first. */
    private static final int FEW_EXAMPLES = 64;

    private final String name;
    private final StepState step;
    private final Deferral deferral;
    private final @Nullable Segment segment;
    private final @Nullable TargetUpdate update;
    private final @Nullable SidePath sidePath;
    private final INDArray[] gradients;
    private final @Nullable INDArray biasGradient;
    private final boolean needsEpsilon;
    private final boolean inputsMayBeOverwritten;

    private @Nullable GradientSum gradientSum;
    private @Nullable INDArray preActivation;
    private @Nullable INDArray preNorm;
    private @Nullable INDArray ones;
    private boolean backpropagated;

    /**
     * @param step shared with the session
     * @param deferral shared with the session
     * @param segment what this layer trains, null if nothing
     * @param update the adapter of W, null if W is frozen
     * @param sidePath of the adapter, null where W must move in every step
     * @param gradients one view per tensor of the update
     * @param biasGradient view for the bias, null if it is not trained
     * @param needsEpsilon whether anything below wants this layer's epsilon
     * @param inputsMayBeOverwritten whether the layer above may change this layer's output in place (input dropout does)
     */
    AdaptedLayer(
            String name,
            StepState step,
            Deferral deferral,
            @Nullable Segment segment,
            @Nullable TargetUpdate update,
            @Nullable SidePath sidePath,
            INDArray[] gradients,
            @Nullable INDArray biasGradient,
            boolean needsEpsilon,
            boolean inputsMayBeOverwritten) {
        this.name = name;
        this.step = step;
        this.deferral = deferral;
        this.segment = segment;
        this.update = update;
        this.sidePath = sidePath;
        this.gradients = gradients;
        this.biasGradient = biasGradient;
        this.needsEpsilon = needsEpsilon;
        this.inputsMayBeOverwritten = inputsMayBeOverwritten;
    }

    /** The adapter of a layer, or null if the layer trains as stock. */
    public static @Nullable AdaptedLayer of(BaseLayer<?> layer) {
        return AdaptedGradients.of(layer);
    }

    String name() {
        return name;
    }

    /** Whether the network is inside an adapted training step; outside, the layer behaves as stock. */
    public boolean inStep() {
        return step.running();
    }

    /** The l1, l2 and weight decay terms of what this layer trains. */
    public double regularizationScore(int iteration, int epoch) {
        return segment == null ? 0 : segment.regularizationScore(iteration, epoch);
    }

    /** Whether it trains something, and yet the backward pass has never come through here. */
    boolean isMissed() {
        return segment != null && !backpropagated;
    }

    /** Where the coming calibration passes add dL/dW; null for none. */
    void sumGradients(@Nullable GradientSum sum) {
        gradientSum = sum;
    }

    /** Drops what the forward pass kept. */
    void forgetForward() {
        preActivation = null;
        preNorm = null;
    }

    /**
     * The layer's output in training, keeping the pre-activation for {@link #backward}; null to let the stock layer
     * answer (and complain) where the input does not fit.
     */
    public @Nullable INDArray forward(BaseLayer<?> layer, LayerWorkspaceMgr workspaces) {
        forgetForward();
        if (layer.input() == null) {
            return null;
        }
        Dl4jInternals.applyDropout(layer, workspaces);
        INDArray weight = weight(layer);
        INDArray x = layer.input().castTo(weight.dataType());
        if (x.rank() != 2 || x.size(1) != weight.size(0)) {
            return null;
        }
        INDArray z = product(x, weight, false, workspaces, ArrayType.ACTIVATIONS);
        if (sidePath != null && deferral.opens(sidePath, x.size(0))) {
            sidePath.forward(x, z);
        }
        if (layer.hasLayerNorm()) {
            preNorm = workspaces.dup(ArrayType.ACTIVATIONS, z, 'c');
            Nd4j.getExecutioner().exec(new LayerNorm(preNorm, layer.getParam(GAIN), z, true, 1));
        }
        if (layer.hasBias()) {
            Blas.addRow(layer.getParam(BIAS), ones(z.dataType(), z.size(0)), z);
        }
        boolean masked = layer.getMaskArray() != null;
        if (masked) {
            Dl4jInternals.applyMask(layer, z);
        }
        IActivation activation = layer.layerConf().getActivationFn();
        preActivation = !inputsMayBeOverwritten && outputStandsForInput(activation)
                ? z
                : workspaces.dup(ArrayType.ACTIVATIONS, z, z.ordering());
        INDArray output = activation.getActivation(z, true);
        if (masked) {
            Dl4jInternals.applyMask(layer, output);
        }
        return output;
    }

    /** As many ones as there are examples, or more. */
    private INDArray ones(DataType type, long examples) {
        if (ones == null || ones.length() < examples || ones.dataType() != type) {
            try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
                ones = Nd4j.ones(type, examples);
            }
        }
        return ones;
    }

    /** W as it is: asking the layer for it would make it catch up. */
    private INDArray weight(BaseLayer<?> layer) {
        return sidePath == null ? layer.getParam(WEIGHT) : sidePath.weight();
    }

    /** For whoever is about to read or replace W. */
    public void catchUp() {
        if (sidePath != null) {
            deferral.catchUp();
        }
    }

    /**
     * Whether the activation's derivative at z can be taken at its output, so that the output may overwrite z: true of
     * the identity and of the plain rectifier, which are positive exactly where z is.
     */
    private static boolean outputStandsForInput(IActivation activation) {
        if (activation instanceof ActivationReLU relu) {
            return zeroOrAbsent(relu.getMax())
                    && zeroOrAbsent(relu.getThreshold())
                    && zeroOrAbsent(relu.getNegativeSlope());
        }
        return activation instanceof ActivationIdentity;
    }

    private static boolean zeroOrAbsent(@Nullable Double value) {
        return value == null || value == 0.0;
    }

    /** The backward pass of a dense layer: gradients of what is trained, and epsilon for the layer below or null. */
    public Pair<Gradient, INDArray> backward(BaseLayer<?> layer, INDArray epsilon, LayerWorkspaceMgr workspaces) {
        layer.assertInputSet(true);
        INDArray z = preActivation;
        INDArray unnormalised = preNorm;
        if (z == null) {
            deferral.catchUp();
            Pair<INDArray, INDArray> recomputed = Dl4jInternals.preOutputWithPreNorm(layer, workspaces);
            z = recomputed.getFirst();
            unnormalised = recomputed.getSecond();
        }
        forgetForward();
        INDArray delta = throughActivation(layer.layerConf().getActivationFn(), z, epsilon);
        if (layer.getMaskArray() != null) {
            Dl4jInternals.applyMask(layer, delta);
        }
        Gradient trained = new DefaultGradient();
        biasGradient(delta, trained);
        INDArray weight = weight(layer);
        if (layer.hasLayerNorm()) {
            INDArray gain = layer.getParam(GAIN);
            INDArray unusedGainGradient = workspaces.createUninitialized(
                    ArrayType.BP_WORKING_MEM, gain.dataType(), gain.shape(), gain.ordering());
            Nd4j.getExecutioner().exec(new LayerNormBp(unnormalised, gain, delta, delta, unusedGainGradient, true, 1));
        }
        weightGradients(layer.input().castTo(weight.dataType()), delta);
        if (!needsEpsilon) {
            return new Pair<>(trained, null);
        }
        INDArray below = product(delta, weight, true, workspaces, ArrayType.ACTIVATION_GRAD);
        if (sidePath != null && sidePath.isOpen()) {
            sidePath.epsilon(below);
        }
        return new Pair<>(trained, Dl4jInternals.backpropDropout(layer, below));
    }

    /**
     * delta = dL/dz. For the plain rectifier it is epsilon where z is positive: two vectorised passes, several times faster
     * than DL4J's operation for it, which calls a function for each entry.
     */
    private static INDArray throughActivation(IActivation activation, INDArray z, INDArray epsilon) {
        if (activation instanceof ActivationReLU && outputStandsForInput(activation)) {
            INDArray delta = z.ulike();
            Nd4j.getExecutioner().exec(new Step(z, delta));
            return delta.muli(epsilon);
        }
        return activation.backprop(z, epsilon).getFirst();
    }

    /** The gradients of an output layer, and delta = dL/dz in the workspace for activation gradients. */
    public Pair<Gradient, INDArray> outputGradients(
            BaseOutputLayer<?> layer, INDArray preOutput, LayerWorkspaceMgr workspaces) {
        ReplacedLoss replaced = AdaptedGradients.lossOf(layer);
        INDArray delta = replaced == null
                ? ownDelta(layer, preOutput, workspaces)
                : replaced.delta(layer, preOutput, workspaces);
        Gradient trained = new DefaultGradient();
        biasGradient(delta, trained);
        weightGradients(layer.input().castTo(layer.getParam(WEIGHT).dataType()), delta);
        return new Pair<>(trained, workspaces.leverageTo(ArrayType.ACTIVATION_GRAD, delta));
    }

    private static INDArray ownDelta(BaseOutputLayer<?> layer, INDArray preOutput, LayerWorkspaceMgr workspaces) {
        var configuration =
                (org.deeplearning4j.nn.conf.layers.BaseOutputLayer) layer.conf().getLayer();
        return configuration
                .getLossFn()
                .computeGradient(
                        Dl4jInternals.labels2d(layer, workspaces, ArrayType.BP_WORKING_MEM),
                        preOutput,
                        configuration.getActivationFn(),
                        layer.getMaskArray());
    }

    private void biasGradient(INDArray delta, Gradient trained) {
        if (biasGradient != null) {
            delta.sum(biasGradient, 0);
            trained.gradientForVariable().put(BIAS, biasGradient);
        }
    }

    private void weightGradients(INDArray x, INDArray delta) {
        if (step.calibrating()) {
            if (gradientSum != null) {
                gradientSum.add(x, delta);
            }
            return;
        }
        backpropagated = true;
        if (update != null) {
            update.gradient(x, delta, gradients);
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
        if (examples <= FEW_EXAMPLES && !inputsMayBeOverwritten) {
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
