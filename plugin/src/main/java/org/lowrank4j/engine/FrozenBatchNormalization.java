package org.lowrank4j.engine;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.normalization.BatchNormalization;
import org.deeplearning4j.nn.params.BatchNormalizationParamInitializer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.blas.NativeMemory;
import org.lowrank4j.rule.Plan;
import org.lowrank4j.rule.Plan.LayerPlan;
import org.lowrank4j.rule.Plan.Role;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The passes of a BatchNormalization that the rule leaves frozen: {@code y = (x - mean) gamma / sqrt(var + eps) + beta}
 * with the running statistics, as at inference, and {@code gamma / sqrt(var + eps)} times the epsilon from above. Nothing of
 * the layer moves.
 *
 * <p>DL4J has no such layer: in training its own normalises with the statistics of the minibatch and moves the running ones,
 * and inside FrozenLayerWithBackprop its epsilon is that of the wrong forward pass. The numbers of a step are taken from the
 * parameters when the step begins, because a program may set them; each pass reads its input once and writes its output
 * once, in the order in which the input lies in memory.
 */
public final class FrozenBatchNormalization {

    /** How many numbers are worked on at a time: what stays in the nearest cache. */
    private static final int CHUNK = 4096;

    private static final int LISTED = 8;

    private final StepState step;
    private final boolean needsEpsilon;

    private Numbers numbers = new Numbers(new double[0], new double[0], new double[0]);

    /**
     * @param step shared with the session
     * @param needsEpsilon whether anything below wants this layer's epsilon
     */
    FrozenBatchNormalization(StepState step, boolean needsEpsilon) {
        this.step = step;
        this.needsEpsilon = needsEpsilon;
    }

    /** Whether the layer is one, and frozen by the rule; what the program itself freezes is DL4J's. */
    static boolean is(Part part, LayerPlan layer) {
        return layer.role() == Role.FROZEN
                && !part.shape().frozen()
                && part.layer() != null
                && part.layer().getClass() == BatchNormalization.class;
    }

    /** The plan, with a warning of layers that normalise nothing, because they were never trained. */
    static Plan warned(Plan plan, List<Part> parts) {
        List<String> untrained = IntStream.range(0, parts.size())
                .filter(i -> is(parts.get(i), plan.layers().get(i)) && neverTrained(parts.get(i)))
                .mapToObj(i -> parts.get(i).shape().name())
                .toList();
        int more = untrained.size() - LISTED;
        return untrained.isEmpty()
                ? plan
                : plan.withWarning("frozen BatchNormalization that was never trained (mean 0, variance 1), and so"
                        + " normalises nothing: "
                        + String.join(", ", untrained.subList(0, Math.min(LISTED, untrained.size())))
                        + (more > 0 ? " and " + more + " more" : "")
                        + "; to train it, write train=type:BatchNormalization.");
    }

    /** Whether the running statistics are those that every layer starts with. */
    private static boolean neverTrained(Part part) {
        return part.layer() instanceof BatchNormalization layer
                && isAll(layer.getParam(BatchNormalizationParamInitializer.GLOBAL_MEAN), 0)
                && (layer.layerConf().isUseLogStd()
                        ? isAll(layer.getParam(BatchNormalizationParamInitializer.GLOBAL_LOG_STD), 0)
                        : isAll(layer.getParam(BatchNormalizationParamInitializer.GLOBAL_VAR), 1));
    }

    private static boolean isAll(INDArray array, double value) {
        return Arrays.stream(array.dup().data().asDouble()).allMatch(entry -> entry == value);
    }

    /** What takes the place of the layer's gradient views, and leads to its passes. */
    Fitting fitting() {
        return part -> {
            if (part.layer() instanceof BatchNormalization layer) {
                DataType type = layer.getParam(BatchNormalizationParamInitializer.GLOBAL_MEAN)
                        .dataType();
                Dl4jInternals.gradientViews(layer, new Views(this), Nd4j.empty(type));
            }
        };
    }

    /** No gradient has a place in a frozen layer; the map says who runs its passes, as for adapted layers. */
    private static final class Views extends LinkedHashMap<String, INDArray> {

        private static final long serialVersionUID = 1L;

        private final transient FrozenBatchNormalization passes;

        Views(FrozenBatchNormalization passes) {
            this.passes = passes;
        }
    }

    /** The passes of a layer, or null if it is not frozen, or not in a step of an adapted network. */
    public static @Nullable FrozenBatchNormalization inStep(BatchNormalization layer) {
        return Dl4jInternals.gradientViews(layer) instanceof Views views && views.passes.step.running()
                ? views.passes
                : null;
    }

    /** The layer's output; null to let the stock layer answer, and complain, where the input does not fit. */
    public @Nullable INDArray forward(BatchNormalization layer, LayerWorkspaceMgr workspaces) {
        INDArray input = layer.input();
        if (input == null || input.rank() != 2 && input.rank() != 4) {
            return null;
        }
        INDArray mean = layer.getParam(BatchNormalizationParamInitializer.GLOBAL_MEAN);
        if (input.size(channelDimension(layer, input)) != mean.length()) {
            return null;
        }
        numbers = numbersNow(layer);
        return pass(layer, input.castTo(mean.dataType()), numbers, workspaces, ArrayType.ACTIVATIONS);
    }

    /** No gradients, and epsilon for the layer below or null; null to let the stock layer answer. */
    public @Nullable Pair<Gradient, INDArray> backward(
            BatchNormalization layer, INDArray epsilon, LayerWorkspaceMgr workspaces) {
        layer.assertInputSet(true);
        if (epsilon.rank() != 2 && epsilon.rank() != 4) {
            return null;
        }
        if (!needsEpsilon) {
            return new Pair<>(new DefaultGradient(), null);
        }
        double[] zeros = new double[numbers.scale().length];
        Numbers derivative = new Numbers(zeros, numbers.scale(), zeros);
        return new Pair<>(
                new DefaultGradient(), pass(layer, epsilon, derivative, workspaces, ArrayType.ACTIVATION_GRAD));
    }

    private static int channelDimension(BatchNormalization layer, INDArray array) {
        return array.rank() == 4 && layer.layerConf().getCnn2DFormat() == CNN2DFormat.NHWC ? 3 : 1;
    }

    private static Numbers numbersNow(BatchNormalization layer) {
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
        return new Numbers(mean, gamma, beta);
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
    private static INDArray pass(
            BatchNormalization layer, INDArray array, Numbers numbers, LayerWorkspaceMgr workspaces, ArrayType where) {
        int[] order = memoryOrder(array);
        INDArray x = array.permute(order);
        if (!followOneAnother(x)) {
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
        Kernel kernel = x.dataType() == DataType.FLOAT ? new Floats(x, y, numbers) : new Doubles(x, y, numbers);
        kernel.run(inner);
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

    private static boolean followOneAnother(INDArray array) {
        long expected = 1;
        for (int i = array.rank() - 1; i >= 0; i--) {
            if (array.size(i) != 1 && array.stride(i) != expected) {
                return false;
            }
            expected *= array.size(i);
        }
        return true;
    }

    /** What is done with each channel. */
    private record Numbers(double[] mean, double[] scale, double[] beta) {}

    /** One pass over memory, piece by piece through Java arrays: loops over those are vectorised. */
    private abstract static class Kernel {

        /** Entries that one Java buffer is opened for: it reaches 2 GiB at most. */
        private static final long WINDOW = 1L << 27;

        private final INDArray x;
        private final INDArray y;
        private final Numbers numbers;
        private long base;
        private long end;

        Kernel(INDArray x, INDArray y, Numbers numbers) {
            this.x = x;
            this.y = y;
            this.numbers = numbers;
        }

        /** @param inner entries of a channel that follow one another */
        final void run(long inner) {
            int channels = numbers.scale().length;
            long row = channels * inner;
            if (row <= CHUNK) {
                int repeated = (int) Math.min(Math.max(1, x.length() / row), CHUNK / row);
                pattern(
                        repeat(numbers.mean(), inner, repeated),
                        repeat(numbers.scale(), inner, repeated),
                        repeat(numbers.beta(), inner, repeated));
                long length = repeated * row;
                for (long from = 0; from < x.length(); from += length) {
                    int count = (int) Math.min(length, x.length() - from);
                    patterned(open(from, count), count);
                }
            } else {
                for (long from = 0; from < x.length(); ) {
                    int channel = (int) (from / inner % channels);
                    int count = (int) Math.min(CHUNK, inner - from % inner);
                    plain(
                            open(from, count),
                            count,
                            numbers.mean()[channel],
                            numbers.scale()[channel],
                            numbers.beta()[channel]);
                    from += count;
                }
            }
            Reference.reachabilityFence(x);
            Reference.reachabilityFence(y);
        }

        private static double[] repeat(double[] perChannel, long inner, int times) {
            double[] pattern = new double[(int) (perChannel.length * inner * times)];
            Arrays.setAll(pattern, i -> perChannel[(int) (i / inner % perChannel.length)]);
            return pattern;
        }

        /** Where the entries from one on are in the buffers that are open, after opening others if need be. */
        private int open(long from, int count) {
            if (from + count > end) {
                base = from;
                end = Math.min(from + WINDOW, x.length());
                int width = x.dataType().width();
                int bytes = (int) (end - base) * width;
                buffers(NativeMemory.window(x, base * width, bytes), NativeMemory.window(y, base * width, bytes));
            }
            return (int) (from - base);
        }

        abstract void buffers(ByteBuffer from, ByteBuffer to);

        abstract void pattern(double[] means, double[] scales, double[] betas);

        abstract void patterned(int at, int count);

        abstract void plain(int at, int count, double mean, double scale, double beta);
    }

    private static final class Floats extends Kernel {

        private final float[] piece = new float[CHUNK];
        private FloatBuffer in = FloatBuffer.allocate(0);
        private FloatBuffer out = in;
        private float[] means = {};
        private float[] scales = {};
        private float[] betas = {};

        Floats(INDArray x, INDArray y, Numbers numbers) {
            super(x, y, numbers);
        }

        @Override
        void buffers(ByteBuffer from, ByteBuffer to) {
            in = from.asFloatBuffer();
            out = to.asFloatBuffer();
        }

        @Override
        void pattern(double[] means, double[] scales, double[] betas) {
            this.means = singles(means);
            this.scales = singles(scales);
            this.betas = singles(betas);
        }

        private static float[] singles(double[] numbers) {
            float[] singles = new float[numbers.length];
            for (int i = 0; i < singles.length; i++) {
                singles[i] = (float) numbers[i];
            }
            return singles;
        }

        @Override
        void patterned(int at, int count) {
            in.get(at, piece, 0, count);
            float[] m = means;
            float[] s = scales;
            float[] b = betas;
            for (int i = 0; i < count; i++) {
                piece[i] = (piece[i] - m[i]) * s[i] + b[i];
            }
            out.put(at, piece, 0, count);
        }

        @Override
        void plain(int at, int count, double mean, double scale, double beta) {
            in.get(at, piece, 0, count);
            float m = (float) mean;
            float s = (float) scale;
            float b = (float) beta;
            for (int i = 0; i < count; i++) {
                piece[i] = (piece[i] - m) * s + b;
            }
            out.put(at, piece, 0, count);
        }
    }

    private static final class Doubles extends Kernel {

        private final double[] piece = new double[CHUNK];
        private DoubleBuffer in = DoubleBuffer.allocate(0);
        private DoubleBuffer out = in;
        private double[] means = {};
        private double[] scales = {};
        private double[] betas = {};

        Doubles(INDArray x, INDArray y, Numbers numbers) {
            super(x, y, numbers);
        }

        @Override
        void buffers(ByteBuffer from, ByteBuffer to) {
            in = from.asDoubleBuffer();
            out = to.asDoubleBuffer();
        }

        @Override
        void pattern(double[] means, double[] scales, double[] betas) {
            this.means = means;
            this.scales = scales;
            this.betas = betas;
        }

        @Override
        void patterned(int at, int count) {
            in.get(at, piece, 0, count);
            double[] m = means;
            double[] s = scales;
            double[] b = betas;
            for (int i = 0; i < count; i++) {
                piece[i] = (piece[i] - m[i]) * s[i] + b[i];
            }
            out.put(at, piece, 0, count);
        }

        @Override
        void plain(int at, int count, double mean, double scale, double beta) {
            in.get(at, piece, 0, count);
            for (int i = 0; i < count; i++) {
                piece[i] = (piece[i] - mean) * scale + beta;
            }
            out.put(at, piece, 0, count);
        }
    }
}
