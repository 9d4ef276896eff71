package org.lowrank4j.kind;

import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.layers.convolution.ConvolutionLayer;
import org.deeplearning4j.nn.params.ConvolutionParamInitializer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.util.ConvolutionUtils;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.blas.Blas;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The passes of a two-dimensional convolution whose filters are adapted or frozen.
 *
 * <p>Next to the stock layer it saves: dL/dW (never formed), the second forward pass, epsilon where nothing below is
 * trained, and most of the time that DL4J spends on making patches of all examples at once. All arrays are channels x
 * examples x height x width in memory, as in the stock layer; where the layer below left another order, its output is
 * copied.
 */
final class ConvolutionPasses implements LayerPasses {

    private static final String WEIGHT = ConvolutionParamInitializer.WEIGHT_KEY;
    private static final String BIAS = ConvolutionParamInitializer.BIAS_KEY;

    private final LayerTraining training;
    private final Ones ones = new Ones();

    private @Nullable INDArray preActivation;

    ConvolutionPasses(LayerTraining training) {
        this.training = training;
    }

    @Override
    public void forget() {
        preActivation = null;
    }

    /** The layer's output; null to let the stock layer answer, and complain, where the input does not fit. */
    @Override
    public @Nullable INDArray forward(BaseLayer<?> base, LayerWorkspaceMgr workspaces) {
        forget();
        ConvolutionLayer layer = (ConvolutionLayer) base;
        if (layer.input() == null) {
            return null;
        }
        INDArray weight = training.weight(layer, WEIGHT);
        if (layer.input().rank() != 4 || channelsFirst(layer, layer.input()).size(1) != weight.size(1)) {
            return null;
        }
        LayerInternals.applyDropout(layer, workspaces);
        INDArray input = channelsFirst(layer, layer.input().castTo(weight.dataType()));
        Patches.Frame frame = frame(layer, input, weight);
        INDArray pictures = byChannel(input, workspaces, ArrayType.FF_WORKING_MEM);
        return activated(
                layer, preActivation(layer, frame, pictures, weight, workspaces, ArrayType.ACTIVATIONS), workspaces);
    }

    /** z, channels x examples x height x width in 'c' order. */
    private INDArray preActivation(
            ConvolutionLayer layer,
            Patches.Frame frame,
            INDArray pictures,
            INDArray weight,
            LayerWorkspaceMgr workspaces,
            ArrayType where) {
        int examples = (int) pictures.size(1);
        INDArray filters = filters(weight);
        INDArray z = workspaces.createUninitialized(
                where,
                weight.dataType(),
                new long[] {weight.size(0), examples, frame.places()[0], frame.places()[1]},
                'c');
        INDArray rows = perPlace(z);
        if (frame.seesPixels()) {
            Blas.gemm(perPlace(pictures), filters, rows, false, false, 1, 0);
        } else {
            Patches patches = new Patches(frame, examples, weight.dataType());
            patches.each((first, count) -> Blas.gemm(
                    patches.of(pictures, first, count), filters, patches.rows(z, first, count), false, false, 1, 0));
        }
        if (layer.hasBias()) {
            Blas.addRow(layer.getParam(BIAS), ones.of(z.dataType(), rows.size(0)), rows);
        }
        return z;
    }

    private INDArray activated(ConvolutionLayer layer, INDArray z, LayerWorkspaceMgr workspaces) {
        IActivation activation = layer.layerConf().getActivationFn();
        boolean kept = !training.outputMayBeOverwritten() && ActivatedUnits.outputStandsForInput(activation);
        // An activation may look along the channels of an example.
        preActivation = kept ? z : workspaces.dup(ArrayType.ACTIVATIONS, z, 'c');
        if (ActivatedUnits.outputStandsForInput(activation)) {
            activation.getActivation(z, true);
            return outward(layer, z.permute(1, 0, 2, 3), workspaces);
        }
        return outward(layer, activation.getActivation(z.permute(1, 0, 2, 3), true), workspaces);
    }

    private static INDArray outward(ConvolutionLayer layer, INDArray output, LayerWorkspaceMgr workspaces) {
        return layer.layerConf().getCnn2dDataFormat() == CNN2DFormat.NHWC
                ? workspaces.dup(ArrayType.ACTIVATIONS, output.permute(0, 2, 3, 1))
                : output;
    }

    /** Gradients of what is trained, and epsilon for the layer below or null. */
    @Override
    public Pair<Gradient, INDArray> backward(BaseLayer<?> base, INDArray epsilon, LayerWorkspaceMgr workspaces) {
        ConvolutionLayer layer = (ConvolutionLayer) base;
        layer.assertInputSet(true);
        INDArray weight = training.weight(layer, WEIGHT);
        INDArray input = channelsFirst(layer, layer.input().castTo(weight.dataType()));
        Patches.Frame frame = frame(layer, input, weight);
        int examples = (int) input.size(0);
        INDArray pictures = byChannel(input, workspaces, ArrayType.BP_WORKING_MEM);
        INDArray z = preActivation == null
                ? preActivation(layer, frame, pictures, weight, workspaces, ArrayType.BP_WORKING_MEM)
                : preActivation;
        forget();
        INDArray delta = delta(layer, z, channelsFirst(layer, epsilon.castTo(weight.dataType())), workspaces);
        INDArray rows = perPlace(delta);
        Gradient trained = new DefaultGradient();
        INDArray biasGradient = training.gradient(BIAS);
        if (biasGradient != null) {
            rows.sum(biasGradient, 0);
            trained.gradientForVariable().put(BIAS, biasGradient);
        }
        Patches patches = frame.seesPixels() ? null : new Patches(frame, examples, weight.dataType());
        INDArray shown = training.take(
                WEIGHT,
                patches == null
                        ? new OuterProduct(perPlace(pictures), rows)
                        : new PatchProduct(patches, pictures, rows),
                examples);
        if (shown != null) {
            trained.gradientForVariable().put(WEIGHT, shown);
        }
        if (!training.needsEpsilon()) {
            return new Pair<>(trained, null);
        }
        INDArray below = workspaces.createUninitialized(
                ArrayType.ACTIVATION_GRAD,
                weight.dataType(),
                new long[] {input.size(1), examples, input.size(2), input.size(3)},
                'c');
        INDArray filters = filters(weight);
        if (patches == null) {
            Blas.gemm(rows, filters, perPlace(below), false, true, 1, 0);
        } else {
            patches.each((first, count) -> {
                INDArray ofPatches = patches.room(count);
                Blas.gemm(patches.rows(delta, first, count), filters, ofPatches, false, true, 1, 0);
                patches.addUp(ofPatches, below, first, count);
            });
        }
        INDArray dropped = LayerInternals.backpropDropout(layer, below.permute(1, 0, 2, 3));
        return new Pair<>(
                trained,
                layer.layerConf().getCnn2dDataFormat() == CNN2DFormat.NHWC ? dropped.permute(0, 2, 3, 1) : dropped);
    }

    /** dL/dz, channels x examples x height x width in 'c' order. */
    private static INDArray delta(ConvolutionLayer layer, INDArray z, INDArray epsilon, LayerWorkspaceMgr workspaces) {
        IActivation activation = layer.layerConf().getActivationFn();
        if (ActivatedUnits.isRectifier(activation)) {
            return ActivatedUnits.rectified(z, byChannel(epsilon, workspaces, ArrayType.BP_WORKING_MEM));
        }
        INDArray delta = activation.backprop(z.permute(1, 0, 2, 3), epsilon).getFirst();
        return byChannel(delta, workspaces, ArrayType.BP_WORKING_MEM);
    }

    /** As DL4J computes and checks it. */
    static Patches.Frame frame(ConvolutionLayer layer, INDArray input, INDArray weight) {
        var settings = layer.layerConf();
        int[] size = {(int) input.size(2), (int) input.size(3)};
        int[] filter = settings.getKernelSize();
        int[] stride = settings.getStride();
        int[] dilation = settings.getDilation();
        ConvolutionMode mode = layer.getConvolutionMode();
        int[] asked = mode == ConvolutionMode.Same ? null : settings.getPadding();
        int[] places = ConvolutionUtils.getOutputSize(input, filter, stride, asked, mode, dilation, CNN2DFormat.NCHW);
        int[] padding = asked == null
                ? ConvolutionUtils.getSameModeTopLeftPadding(places, size, filter, stride, dilation)
                : asked;
        return new Patches.Frame((int) weight.size(1), size, filter, stride, padding, dilation, places);
    }

    /** examples x channels x height x width, as DL4J's other format has it too then. */
    static INDArray channelsFirst(ConvolutionLayer layer, INDArray array) {
        return layer.layerConf().getCnn2dDataFormat() == CNN2DFormat.NHWC ? array.permute(0, 3, 1, 2) : array;
    }

    /** channels x examples x height x width in 'c' order; a copy unless it lies in memory so. */
    private static INDArray byChannel(INDArray array, LayerWorkspaceMgr workspaces, ArrayType where) {
        INDArray channels = array.permute(1, 0, 2, 3);
        long expected = 1;
        for (int i = channels.rank() - 1; i >= 0; i--) {
            if (channels.size(i) != 1 && channels.stride(i) != expected) {
                return workspaces.dup(where, channels, 'c');
            }
            expected *= channels.size(i);
        }
        return channels;
    }

    /** One row for each place, column-major, on the same memory. */
    private static INDArray perPlace(INDArray byChannel) {
        return Matrix.memory(byChannel, byChannel.length() / byChannel.size(0), byChannel.size(0), 'f');
    }

    /** (channel, y, x) x filter, column-major. */
    private static INDArray filters(INDArray weight) {
        return Matrix.memory(weight, weight.length() / weight.size(0), weight.size(0), 'f');
    }
}
