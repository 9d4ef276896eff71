package org.lowrank4j.kind;

import java.lang.ref.Reference;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.layers.normalization.BatchNormalization;
import org.deeplearning4j.nn.params.BatchNormalizationParamInitializer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.blas.NativeMemory;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The passes of a BatchNormalization that a rule leaves frozen: {@code y = (x - mean) gamma / sqrt(var + eps) + beta}
 * with the running statistics, as at inference, and {@code gamma / sqrt(var + eps)} times the epsilon from above. Nothing of
 * the layer moves.
 *
 * <p>DL4J has no such layer: in training its own normalises with the statistics of the minibatch and moves the running ones,
 * and inside FrozenLayerWithBackprop its epsilon is that of the wrong forward pass. The numbers of a step are taken from the
 * parameters when the step begins, because a program may set them; each pass reads its input once and writes its output
 * once, in the order in which the input lies in memory.
 */
final class FrozenNormalisation implements LayerPasses {

    private final boolean needsEpsilon;

    private Affine now = new Affine(new double[0], new double[0], new double[0]);

    /** @param needsEpsilon whether anything below wants this layer's epsilon */
    FrozenNormalisation(boolean needsEpsilon) {
        this.needsEpsilon = needsEpsilon;
    }

    /** The layer's output; null to let the stock layer answer, and complain, where the input does not fit. */
    @Override
    public @Nullable INDArray forward(BaseLayer<?> base, LayerWorkspaceMgr workspaces) {
        BatchNormalization layer = (BatchNormalization) base;
        INDArray input = layer.input();
        if (input == null || input.rank() != 2 && input.rank() != 4) {
            return null;
        }
        INDArray mean = layer.getParam(BatchNormalizationParamInitializer.GLOBAL_MEAN);
        if (input.size(channelDimension(layer, input)) != mean.length()) {
            return null;
        }
        now = affineNow(layer);
        return affine(layer, input.castTo(mean.dataType()), now, workspaces, ArrayType.ACTIVATIONS);
    }

    /** No gradients, and epsilon for the layer below or null; null to let the stock layer answer. */
    @Override
    public @Nullable Pair<Gradient, INDArray> backward(
            BaseLayer<?> base, INDArray epsilon, LayerWorkspaceMgr workspaces) {
        BatchNormalization layer = (BatchNormalization) base;
        layer.assertInputSet(true);
        if (epsilon.rank() != 2 && epsilon.rank() != 4) {
            return null;
        }
        if (!needsEpsilon) {
            return new Pair<>(new DefaultGradient(), null);
        }
        double[] zeros = new double[now.scale().length];
        Affine derivative = new Affine(zeros, now.scale(), zeros);
        return new Pair<>(
                new DefaultGradient(), affine(layer, epsilon, derivative, workspaces, ArrayType.ACTIVATION_GRAD));
    }

    private static int channelDimension(BatchNormalization layer, INDArray array) {
        return array.rank() == 4 && layer.layerConf().getCnn2DFormat() == CNN2DFormat.NHWC ? 3 : 1;
    }

    private static Affine affineNow(BatchNormalization layer) {
        var settings = layer.layerConf();
        double[] mean = numbers(layer, BatchNormalizationParamInitializer.GLOBAL_MEAN);
        double[] variance = settings.isUseLogStd()
                ? Arrays.stream(numbers(layer, BatchNormalizationParamInitializer.GLOBAL_LOG_STD))
                        .map(log -> Math.pow(10, 2 * log))
                        .toArray()
                : numbers(layer, BatchNormalizationParamInitializer.GLOBAL_VAR);
        double[] gamma = new double[mean.length];
        Arrays.fill(gamma, 1);
        double[] beta = new double[mean.length];
        if (!settings.isLockGammaBeta()) {
            gamma = numbers(layer, BatchNormalizationParamInitializer.GAMMA);
            beta = numbers(layer, BatchNormalizationParamInitializer.BETA);
        } else if (settings.getGamma() != 1 && settings.getBeta() != 0) {
            // DL4J leaves out both where one of them is neutral.
            Arrays.fill(gamma, settings.getGamma());
            Arrays.fill(beta, settings.getBeta());
        }
        for (int i = 0; i < gamma.length; i++) {
            gamma[i] /= Math.sqrt(variance[i] + settings.getEps());
        }
        return new Affine(mean, gamma, beta);
    }

    private static double[] numbers(BatchNormalization layer, String parameter) {
        INDArray values = layer.getParam(parameter);
        double[] numbers = new double[(int) values.length()];
        if (values.dataType() == DataType.FLOAT) {
            FloatBuffer floats =
                    NativeMemory.window(values, 0, numbers.length * Float.BYTES).asFloatBuffer();
            Arrays.setAll(numbers, floats::get);
        } else {
            NativeMemory.window(values, 0, numbers.length * Double.BYTES)
                    .asDoubleBuffer()
                    .get(numbers);
        }
        Reference.reachabilityFence(values);
        return numbers;
    }

    /** {@code (x - mean) scale + beta}, channel by channel, in the order in which x lies in memory. */
    private static INDArray affine(
            BatchNormalization layer, INDArray array, Affine affine, LayerWorkspaceMgr workspaces, ArrayType where) {
        int[] order = memoryOrder(array);
        INDArray x = array.permute(order);
        if (!NativeMemory.followOneAnother(x)) {
            x = workspaces.dup(where, array, 'c');
            Arrays.setAll(order, dimension -> dimension);
        }
        INDArray y = workspaces.createUninitialized(where, x.dataType(), x.shape(), 'c');
        int[] back = new int[order.length];
        long inner = 1;
        boolean within = false;
        for (int i = 0; i < order.length; i++) {
            back[order[i]] = i;
            inner *= within ? x.size(i) : 1;
            within |= order[i] == channelDimension(layer, array);
        }
        affine.apply(x, y, inner);
        return y.permute(back);
    }

    /** The dimensions from that of the longest stride to that of the shortest. */
    private static int[] memoryOrder(INDArray array) {
        return IntStream.range(0, array.rank())
                .boxed()
                .sorted(Comparator.comparingLong((Integer dimension) -> -array.stride(dimension)))
                .mapToInt(Integer::intValue)
                .toArray();
    }
}
