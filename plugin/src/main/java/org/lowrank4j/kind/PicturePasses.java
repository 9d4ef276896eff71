package org.lowrank4j.kind;

import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.params.ConvolutionParamInitializer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.util.ConvolutionUtils;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.blas.NativeMemory;
import org.lowrank4j.convolution.ConvolutionEngine;
import org.lowrank4j.convolution.ConvolutionEngines;
import org.lowrank4j.convolution.Frame;
import org.lowrank4j.convolution.Pictures;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

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
    abstract INDArray filters(BaseLayer<?> layer);

    /** Channels of the pictures that the filters are for. */
    abstract long inputs(BaseLayer<?> layer);

    abstract long outputs(BaseLayer<?> layer);

    /** z without the bias. */
    abstract void forward(BaseLayer<?> layer, Frame frame, Pictures pictures, INDArray z, LayerWorkspaceMgr workspaces);

    /**
     * Hands over the gradients of the matrices.
     *
     * @param delta dL/dz, channels x examples x height x width in 'c' order
     * @param trained for what somebody looks at
     * @param below to be replaced by dL/dx, channels x examples x height x width in 'c' order; null if nobody wants it
     */
    abstract void backward(
            BaseLayer<?> layer,
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
    public @Nullable INDArray forward(BaseLayer<?> layer, LayerWorkspaceMgr workspaces) {
        forget();
        if (layer.input() == null || layer.input().rank() != rank()) {
            return null;
        }
        if (channelsFirst(layer, layer.input()).size(1) != inputs(layer)) {
            return null;
        }
        LayerInternals.applyDropout(layer, workspaces);
        DataType type = filters(layer).dataType();
        INDArray input = asPictures(channelsFirst(layer, layer.input().castTo(type)));
        INDArray z = preActivation(layer, goesOver(layer, input), pictures(input), ArrayType.ACTIVATIONS, workspaces);
        return activated(layer, z, workspaces);
    }

    /**
     * Copied, if that is needed, into the workspace that is open then: that of the pass, unless a method has left it. To open
     * it again inside of that would break it for the rest of the pass.
     */
    static Pictures pictures(INDArray input) {
        return new Pictures(
                input, array -> copied(array, Nd4j.createUninitialized(array.dataType(), array.shape(), 'c')));
    }

    /** The same entries in 'c' order, for the layer below. */
    private static INDArray inGradients(INDArray array, LayerWorkspaceMgr workspaces) {
        return copied(
                array, workspaces.createUninitialized(ArrayType.ACTIVATION_GRAD, array.dataType(), array.shape(), 'c'));
    }

    private static INDArray copied(INDArray array, INDArray copy) {
        NativeMemory.copy(array, copy);
        return copy;
    }

    /** z, channels x examples x height x width in 'c' order. */
    private INDArray preActivation(
            BaseLayer<?> layer, Frame frame, Pictures pictures, ArrayType where, LayerWorkspaceMgr workspaces) {
        INDArray z = workspaces.createUninitialized(
                where,
                filters(layer).dataType(),
                byChannel(outputs(layer), pictures.asTheyAre().size(0), made(frame)),
                'c');
        forward(layer, frame, pictures, z, workspaces);
        if (settings(layer).hasBias()) {
            INDArray rows = Pictures.perPlace(z);
            Blas.addRow(layer.getParam(BIAS), ones.of(z.dataType(), rows.size(0)), rows);
        }
        return z;
    }

    private INDArray activated(BaseLayer<?> layer, INDArray z, LayerWorkspaceMgr workspaces) {
        IActivation activation = settings(layer).getActivationFn();
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

    /** The sides of what it makes. */
    int[] made(Frame frame) {
        return frame.places();
    }

    /** Whether the layer clears entries of its output after its activation. */
    boolean masksItsOutput(BaseLayer<?> layer) {
        return false;
    }

    /** An array of the layer, channels first, as examples x channels x height x width on the same memory. */
    INDArray asPictures(INDArray array) {
        return array;
    }

    /** An array by channel as an array of the layer, channels first, on the same memory. */
    INDArray asInLayer(INDArray byChannel) {
        return Pictures.exchanged(byChannel);
    }

    /** What {@link #channelsFirst} makes, as the layer has it. */
    INDArray inFormat(BaseLayer<?> layer, INDArray array) {
        return settings(layer).getCnn2dDataFormat() == CNN2DFormat.NHWC ? array.permute(0, 2, 3, 1) : array;
    }

    /** dL/dx through the layer's dropout, where DL4J does so. */
    INDArray throughDropout(BaseLayer<?> layer, INDArray below) {
        return LayerInternals.backpropDropout(layer, below);
    }

    private INDArray outward(BaseLayer<?> layer, INDArray output, LayerWorkspaceMgr workspaces) {
        INDArray formatted = inFormat(layer, output);
        return formatted == output ? output : workspaces.dup(ArrayType.ACTIVATIONS, formatted);
    }

    /** Gradients of what is trained, and epsilon for the layer below or null. */
    @Override
    public Pair<Gradient, INDArray> backward(BaseLayer<?> layer, INDArray epsilon, LayerWorkspaceMgr workspaces) {
        layer.assertInputSet(true);
        DataType type = filters(layer).dataType();
        INDArray input = asPictures(channelsFirst(layer, layer.input().castTo(type)));
        Frame frame = goesOver(layer, input);
        Pictures pictures = pictures(input);
        INDArray z = preActivation == null
                ? preActivation(layer, frame, pictures, ArrayType.BP_WORKING_MEM, workspaces)
                : preActivation;
        forget();
        INDArray delta = delta(layer, z, epsilon.castTo(type));
        Gradient trained = new DefaultGradient();
        INDArray biasGradient = training.gradient(BIAS);
        if (biasGradient != null) {
            Pictures.perPlace(delta).sum(biasGradient, 0);
            trained.gradientForVariable().put(BIAS, biasGradient);
        }
        boolean reordered = rank() == 4 && NativeMemory.followOneAnother(input);
        INDArray below = training.needsEpsilon()
                ? workspaces.createUninitialized(
                        reordered ? ArrayType.BP_WORKING_MEM : ArrayType.ACTIVATION_GRAD,
                        type,
                        Pictures.exchanged(input).shape(),
                        'c')
                : null;
        backward(layer, frame, pictures, delta, trained, below, workspaces);
        if (below == null) {
            return new Pair<>(trained, null);
        }
        // As the input lies in memory: DL4J's layers are many times slower with arrays of two orders, or of one by
        // channel.
        INDArray passed = reordered ? inGradients(asInLayer(below), workspaces) : asInLayer(below);
        // In the layer's format, in which dropout drew; DL4J's convolutions forget that, and throw with channels last.
        return new Pair<>(trained, throughDropout(layer, inFormat(layer, passed)));
    }

    /** dL/dz, channels x examples x height x width in 'c' order. */
    private INDArray delta(BaseLayer<?> layer, INDArray z, INDArray epsilon) {
        IActivation activation = settings(layer).getActivationFn();
        INDArray above = channelsFirst(layer, epsilon);
        if (ActivatedUnits.isRectifier(activation)) {
            return ActivatedUnits.rectified(z, byChannel(above));
        }
        return byChannel(activation.backprop(asInLayer(z), above).getFirst());
    }

    /** Channels x examples x sides. */
    static long[] byChannel(long channels, long examples, int[] sides) {
        long[] shape = new long[2 + sides.length];
        shape[0] = channels;
        shape[1] = examples;
        for (int side = 0; side < sides.length; side++) {
            shape[2 + side] = sides[side];
        }
        return shape;
    }

    private INDArray byChannel(INDArray array) {
        return pictures(asPictures(array)).byChannel();
    }

    /**
     * How its filters go over pictures.
     *
     * @param input examples x channels x height x width
     */
    Frame goesOver(BaseLayer<?> layer, INDArray input) {
        return frame(layer, input);
    }

    /**
     * As DL4J computes and checks it.
     *
     * @param input examples x channels x height x width
     */
    static Frame frame(BaseLayer<?> layer, INDArray input) {
        var settings = settings(layer);
        int[] size = {(int) input.size(2), (int) input.size(3)};
        int[] filter = settings.getKernelSize();
        int[] stride = settings.getStride();
        int[] dilation = settings.getDilation();
        ConvolutionMode mode = settings.getConvolutionMode();
        int[] asked = mode == ConvolutionMode.Same ? null : settings.getPadding();
        int[] places = ConvolutionUtils.getOutputSize(input, filter, stride, asked, mode, dilation, CNN2DFormat.NCHW);
        int[] padding = asked == null
                ? ConvolutionUtils.getSameModeTopLeftPadding(places, size, filter, stride, dilation)
                : asked;
        return new Frame((int) input.size(1), size, filter, stride, padding, dilation, places);
    }

    /** An array of the layer as examples x channels x sides, on the same memory. */
    INDArray channelsFirst(BaseLayer<?> layer, INDArray array) {
        return pictures(layer, array);
    }

    /** The pictures of a two-dimensional layer as examples x channels x height x width, on the same memory. */
    static INDArray pictures(BaseLayer<?> layer, INDArray array) {
        return settings(layer).getCnn2dDataFormat() == CNN2DFormat.NHWC ? array.permute(0, 3, 1, 2) : array;
    }

    static ConvolutionLayer settings(BaseLayer<?> layer) {
        return (ConvolutionLayer) layer.layerConf();
    }
}
