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
import org.lowrank4j.convolution.ConvolutionEngine;
import org.lowrank4j.convolution.ConvolutionEngines;
import org.lowrank4j.convolution.Frame;
import org.lowrank4j.convolution.Pictures;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The passes of a layer that makes pictures of pictures with filters that are adapted or frozen, around the products that
 * its kind is of.
 *
 * <p>Next to the stock layer they save: dL/dW, the second forward pass, epsilon where nothing below is trained, and most of
 * the time of DL4J's products. All arrays are channels x examples x height x width in memory, as in the stock layer; where
 * the layer below left another order, its output is copied if a product needs that.
 */
abstract class PicturePasses implements LayerPasses {

    private static final String BIAS = ConvolutionParamInitializer.BIAS_KEY;

    final LayerTraining training;
    final ConvolutionEngine engine = ConvolutionEngines.ofALayer();
    private final Ones ones = new Ones();

    private @Nullable INDArray preActivation;

    PicturePasses(LayerTraining training) {
        this.training = training;
    }

    /** The parameter of the filters, whose type is that of the passes. */
    abstract INDArray filters(ConvolutionLayer layer);

    /** Channels of the pictures that the filters are for. */
    abstract long inputs(ConvolutionLayer layer);

    abstract long outputs(ConvolutionLayer layer);

    /** z without the bias. */
    abstract void forward(
            ConvolutionLayer layer, Frame frame, Pictures pictures, INDArray z, LayerWorkspaceMgr workspaces);

    /**
     * Hands over the gradients of the matrices.
     *
     * @param delta dL/dz, channels x examples x height x width in 'c' order
     * @param trained for what somebody looks at
     * @param below to be replaced by dL/dx, channels x examples x height x width in 'c' order; null if nobody wants it
     */
    abstract void backward(
            ConvolutionLayer layer,
            Frame frame,
            Pictures pictures,
            INDArray delta,
            Gradient trained,
            @Nullable INDArray below,
            LayerWorkspaceMgr workspaces);

    @Override
    public String convolutions(DataType type) {
        return ConvolutionEngines.required(engine, type).name(type);
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
        if (layer.input() == null || layer.input().rank() != rank()) {
            return null;
        }
        if (channelsFirst(layer, layer.input()).size(1) != inputs(layer)) {
            return null;
        }
        LayerInternals.applyDropout(layer, workspaces);
        DataType type = filters(layer).dataType();
        INDArray input = asPictures(channelsFirst(layer, layer.input().castTo(type)));
        INDArray z = preActivation(
                layer,
                goesOver(layer, input),
                pictures(input, workspaces, ArrayType.FF_WORKING_MEM),
                ArrayType.ACTIVATIONS,
                workspaces);
        return activated(layer, z, workspaces);
    }

    static Pictures pictures(INDArray input, LayerWorkspaceMgr workspaces, ArrayType where) {
        return new Pictures(input, array -> workspaces.dup(where, array, 'c'));
    }

    /** z, channels x examples x height x width in 'c' order. */
    private INDArray preActivation(
            ConvolutionLayer layer, Frame frame, Pictures pictures, ArrayType where, LayerWorkspaceMgr workspaces) {
        INDArray z = workspaces.createUninitialized(
                where,
                filters(layer).dataType(),
                new long[] {outputs(layer), pictures.asTheyAre().size(0), made(frame)[0], made(frame)[1]},
                'c');
        forward(layer, frame, pictures, z, workspaces);
        if (layer.hasBias()) {
            INDArray rows = Pictures.perPlace(z);
            Blas.addRow(layer.getParam(BIAS), ones.of(z.dataType(), rows.size(0)), rows);
        }
        return z;
    }

    private INDArray activated(ConvolutionLayer layer, INDArray z, LayerWorkspaceMgr workspaces) {
        IActivation activation = layer.layerConf().getActivationFn();
        boolean kept = !training.outputMayBeOverwritten()
                && !masksItsOutput(layer)
                && ActivatedUnits.outputStandsForInput(activation);
        // An activation may look along the channels of an example.
        preActivation = kept ? z : workspaces.dup(ArrayType.ACTIVATIONS, z, 'c');
        if (ActivatedUnits.outputStandsForInput(activation)) {
            activation.getActivation(z, true);
            return outward(layer, asInLayer(z), workspaces);
        }
        return outward(layer, activation.getActivation(asInLayer(z), true), workspaces);
    }

    /** Dimensions of the layer's arrays. */
    int rank() {
        return 4;
    }

    /** Height and width of what it makes. */
    int[] made(Frame frame) {
        return frame.places();
    }

    /** Whether the layer clears entries of its output after its activation. */
    boolean masksItsOutput(ConvolutionLayer layer) {
        return false;
    }

    /** An array of the layer, channels first, as examples x channels x height x width on the same memory. */
    INDArray asPictures(INDArray array) {
        return array;
    }

    /** An array by channel as an array of the layer, channels first, on the same memory. */
    INDArray asInLayer(INDArray byChannel) {
        return byChannel.permute(1, 0, 2, 3);
    }

    private static INDArray inFormat(ConvolutionLayer layer, INDArray array) {
        return layer.layerConf().getCnn2dDataFormat() == CNN2DFormat.NHWC ? array.permute(0, 2, 3, 1) : array;
    }

    /** dL/dx through the layer's dropout, where DL4J does so. */
    INDArray throughDropout(ConvolutionLayer layer, INDArray below) {
        return LayerInternals.backpropDropout(layer, below);
    }

    private static INDArray outward(ConvolutionLayer layer, INDArray output, LayerWorkspaceMgr workspaces) {
        INDArray formatted = inFormat(layer, output);
        return formatted == output ? output : workspaces.dup(ArrayType.ACTIVATIONS, formatted);
    }

    /** Gradients of what is trained, and epsilon for the layer below or null. */
    @Override
    public Pair<Gradient, INDArray> backward(BaseLayer<?> base, INDArray epsilon, LayerWorkspaceMgr workspaces) {
        ConvolutionLayer layer = (ConvolutionLayer) base;
        layer.assertInputSet(true);
        DataType type = filters(layer).dataType();
        INDArray input = asPictures(channelsFirst(layer, layer.input().castTo(type)));
        Frame frame = goesOver(layer, input);
        Pictures pictures = pictures(input, workspaces, ArrayType.BP_WORKING_MEM);
        INDArray z = preActivation == null
                ? preActivation(layer, frame, pictures, ArrayType.BP_WORKING_MEM, workspaces)
                : preActivation;
        forget();
        INDArray delta = delta(layer, z, epsilon.castTo(type), workspaces);
        Gradient trained = new DefaultGradient();
        INDArray biasGradient = training.gradient(BIAS);
        if (biasGradient != null) {
            Pictures.perPlace(delta).sum(biasGradient, 0);
            trained.gradientForVariable().put(BIAS, biasGradient);
        }
        INDArray below = training.needsEpsilon()
                ? workspaces.createUninitialized(
                        ArrayType.ACTIVATION_GRAD,
                        type,
                        new long[] {input.size(1), input.size(0), input.size(2), input.size(3)},
                        'c')
                : null;
        backward(layer, frame, pictures, delta, trained, below, workspaces);
        if (below == null) {
            return new Pair<>(trained, null);
        }
        // In the layer's format, in which dropout drew; DL4J's convolutions forget that, and throw with channels last.
        return new Pair<>(trained, throughDropout(layer, inFormat(layer, asInLayer(below))));
    }

    /** dL/dz, channels x examples x height x width in 'c' order. */
    private INDArray delta(ConvolutionLayer layer, INDArray z, INDArray epsilon, LayerWorkspaceMgr workspaces) {
        IActivation activation = layer.layerConf().getActivationFn();
        INDArray above = channelsFirst(layer, epsilon);
        if (ActivatedUnits.isRectifier(activation)) {
            return ActivatedUnits.rectified(z, byChannel(above, workspaces));
        }
        return byChannel(activation.backprop(asInLayer(z), above).getFirst(), workspaces);
    }

    private INDArray byChannel(INDArray array, LayerWorkspaceMgr workspaces) {
        return pictures(asPictures(array), workspaces, ArrayType.BP_WORKING_MEM).byChannel();
    }

    /**
     * How its filters go over pictures.
     *
     * @param input examples x channels x height x width
     */
    Frame goesOver(ConvolutionLayer layer, INDArray input) {
        return frame(layer, input);
    }

    /**
     * As DL4J computes and checks it.
     *
     * @param input examples x channels x height x width
     */
    static Frame frame(ConvolutionLayer layer, INDArray input) {
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
        return new Frame((int) input.size(1), size, filter, stride, padding, dilation, places);
    }

    /** examples x channels x height x width, as DL4J's other format has it too then. */
    static INDArray channelsFirst(ConvolutionLayer layer, INDArray array) {
        return layer.layerConf().getCnn2dDataFormat() == CNN2DFormat.NHWC ? array.permute(0, 3, 1, 2) : array;
    }
}
