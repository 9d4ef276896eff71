package org.lowrank4j.kind;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer.Builder;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.layers.convolution.ConvolutionLayer;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.loss.TrainingLoss;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.convolution.Convolution;
import org.nd4j.linalg.factory.Nd4j;

/** Both passes of a convolution against those of DL4J's layer, and its patches against ND4J's. */
class ConvolutionPassesTest {

    private static final int EXAMPLES = 3;
    private static final int INPUTS = 2;
    private static final int OUTPUTS = 4;
    private static final LayerWorkspaceMgr WORKSPACES = LayerWorkspaceMgr.noWorkspaces();

    /** A convolution of pictures of 9 x 7 pixels. */
    record Form(String name, UnaryOperator<Builder> settings) {

        Builder builder() {
            return settings.apply(new Builder(3, 3).activation(Activation.RELU));
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static List<Form> forms() {
        return List.of(
                new Form("plain", builder -> builder),
                new Form("padded", builder -> builder.padding(1, 1)),
                new Form("strides", builder -> builder.kernelSize(2, 3).stride(2, 3)),
                new Form(
                        "dilated",
                        builder -> builder.kernelSize(2, 3).dilation(3, 2).padding(2, 1)),
                new Form("same", builder -> builder.convolutionMode(ConvolutionMode.Same)),
                new Form(
                        "same, even, strides",
                        builder -> builder.kernelSize(4, 2).stride(2, 2).convolutionMode(ConvolutionMode.Same)),
                new Form(
                        "wider than the picture",
                        builder -> builder.kernelSize(11, 9).padding(4, 5)),
                new Form("single pixels", builder -> builder.kernelSize(1, 1)),
                new Form(
                        "some single pixels",
                        builder -> builder.kernelSize(1, 1).stride(2, 2)),
                new Form(
                        "padded single pixels",
                        builder -> builder.kernelSize(1, 1).padding(1, 0)),
                new Form("without bias", builder -> builder.hasBias(false)),
                new Form("channels last", builder -> builder.dataFormat(CNN2DFormat.NHWC)),
                new Form("identity", builder -> builder.activation(Activation.IDENTITY)),
                new Form("tanh", builder -> builder.activation(Activation.TANH)),
                new Form("softmax over channels", builder -> builder.activation(Activation.SOFTMAX)),
                new Form("leaky rectifier", builder -> builder.activation(Activation.LEAKYRELU)),
                new Form("dropout", builder -> builder.dropOut(0.5)));
    }

    static Stream<Arguments> formsAndTypes() {
        return forms().stream()
                .flatMap(form -> Stream.of(Arguments.of(form, DataType.FLOAT), Arguments.of(form, DataType.DOUBLE)));
    }

    /** What the passes are lent, and what they gave. */
    private static final class Training implements LayerTraining {

        private final boolean needsEpsilon;
        private final boolean overwritten;
        private final INDArray bias = Nd4j.zeros(DataType.DOUBLE, 1, OUTPUTS);
        private @Nullable INDArray ofBias;
        private @Nullable WeightGradient gradient;
        private long rows;

        Training(boolean needsEpsilon, boolean overwritten) {
            this.needsEpsilon = needsEpsilon;
            this.overwritten = overwritten;
        }

        @Override
        public boolean needsEpsilon() {
            return needsEpsilon;
        }

        @Override
        public boolean outputMayBeOverwritten() {
            return overwritten;
        }

        @Override
        public @Nullable INDArray gradient(String vector) {
            return vector.equals("b") ? ofBias : null;
        }

        @Override
        public @Nullable INDArray take(String parameter, WeightGradient taken, long over) {
            assertEquals("W", parameter);
            gradient = taken;
            rows = over;
            return null;
        }

        @Override
        public INDArray weight(BaseLayer<?> layer, String parameter) {
            return layer.getParam(parameter);
        }

        @Override
        public void addLagging(String parameter, INDArray x, INDArray z) {}

        @Override
        public void addLaggingBackwards(String parameter, INDArray epsilon) {}

        @Override
        public void catchUp() {}

        @Override
        public @Nullable TrainingLoss loss() {
            return null;
        }
    }

    private static ConvolutionLayer layer(Builder builder, DataType type) {
        NeuralNetConfiguration configuration = new NeuralNetConfiguration.Builder()
                .dataType(type)
                .seed(5)
                .layer(builder.nIn(INPUTS).nOut(OUTPUTS).build())
                .build();
        long count = configuration.getLayer().initializer().numParams(configuration);
        INDArray parameters = Nd4j.create(type, 1, count);
        ConvolutionLayer layer =
                (ConvolutionLayer) configuration.getLayer().instantiate(configuration, null, 0, parameters, true, type);
        parameters.assign(Nd4j.rand(type, 1, count).subi(0.5));
        layer.setBackpropGradientsViewArray(Nd4j.create(type, 1, count));
        return layer;
    }

    private static INDArray pictures(ConvolutionLayer layer, DataType type) {
        INDArray drawn = Nd4j.rand(type, EXAMPLES, INPUTS, 9, 7).subi(0.5);
        return layer.layerConf().getCnn2dDataFormat() == CNN2DFormat.NHWC
                ? drawn.permute(0, 2, 3, 1).dup('c')
                : drawn;
    }

    private static void assertClose(INDArray expected, INDArray actual, String what) {
        assertArrayEquals(expected.shape(), actual.shape(), what);
        double tolerance = expected.dataType() == DataType.DOUBLE ? 1e-12 : 2e-5;
        INDArray difference = expected.dup('c').subi(actual.dup('c'));
        assertTrue(
                difference.amaxNumber().doubleValue() <= tolerance,
                () -> what + " differs by " + difference.amaxNumber());
    }

    @ParameterizedTest
    @MethodSource("formsAndTypes")
    void bothPassesAreThoseOfDl4j(Form form, DataType type) {
        Nd4j.getRandom().setSeed(7);
        ConvolutionLayer layer = layer(form.builder(), type);
        INDArray x = pictures(layer, type);

        layer.setInput(x.dup(), WORKSPACES);
        Nd4j.getRandom().setSeed(11);
        INDArray y = layer.activate(true, WORKSPACES).dup();
        INDArray epsilon = Nd4j.rand(type, y.shape()).subi(0.5);
        Pair<Gradient, INDArray> stock = layer.backpropGradient(epsilon.dup(), WORKSPACES);

        for (boolean overwritten : new boolean[] {false, true}) {
            Training training = new Training(true, overwritten);
            training.ofBias = training.bias.castTo(type);
            ConvolutionPasses passes = new ConvolutionPasses(training);
            layer.clear();
            layer.setInput(x.dup(), WORKSPACES);
            Nd4j.getRandom().setSeed(11);
            INDArray ours = Objects.requireNonNull(passes.forward(layer, WORKSPACES));
            assertClose(y, ours, "the output");
            if (overwritten) {
                ours.addi(1);
            }
            Pair<Gradient, INDArray> back = passes.backward(layer, epsilon.dup(), WORKSPACES);
            assertClose(stock.getSecond(), back.getSecond(), "epsilon");
            if (layer.hasBias()) {
                assertClose(stock.getFirst().getGradientFor("b").reshape(1, OUTPUTS), training.ofBias, "dL/db");
            }
            INDArray whole = Matrix.filters("W").view().apply(stock.getFirst().getGradientFor("W"));
            assertEquals(EXAMPLES, training.rows);
            assertProducts(whole, Objects.requireNonNull(training.gradient));
        }
    }

    private static void assertProducts(INDArray whole, WeightGradient gradient) {
        DataType type = whole.dataType();
        INDArray formed = Nd4j.ones(type, whole.shape()).dup('f');
        gradient.formed(formed, 2);
        assertClose(whole.add(2), formed, "dL/dM");
        assertEquals(whole.size(0), gradient.inputs());
        assertEquals(whole.size(1), gradient.outputs());

        INDArray right = Nd4j.rand(type, whole.size(1), 2);
        INDArray times = Nd4j.ones(type, whole.size(0), 2).dup('f');
        gradient.times(right, -2, times, 0.5);
        assertClose(whole.mmul(right).muli(-2).addi(0.5), times, "G R");

        INDArray left = Nd4j.rand(type, whole.size(0), 3);
        INDArray transposed = Nd4j.createUninitialized(type, 3, whole.size(1));
        gradient.transposeTimes(left, 1, transposed, 0);
        assertClose(left.transpose().mmul(whole), transposed, "L^T G");

        INDArray between = Nd4j.createUninitialized(type, 3, 2);
        gradient.between(left, right, 1, between, 0);
        assertClose(left.transpose().mmul(whole).mmul(right), between, "L^T G R");

        INDArray like = Nd4j.rand(type, whole.shape());
        assertClose(like.mul(whole).sum(true, 0), gradient.columnDots(like), "the diagonal of L^T G");

        INDArray factors = Nd4j.rand(type, 1, whole.size(1));
        INDArray scaled = Nd4j.createUninitialized(type, whole.shape(), 'f');
        gradient.withColumnsScaled(factors).formed(scaled, 0);
        assertClose(whole.mulRowVector(factors), scaled, "G diag(c)");
        assertTrue(gradient.isFinite());
    }

    /** What goes into the filters, row by row: X M + b is what comes out. */
    @ParameterizedTest
    @MethodSource("formsAndTypes")
    void theRowsOfItsInput(Form form, DataType type) {
        ConvolutionLayer layer = layer(form.builder().activation(Activation.IDENTITY), type);
        layer.setInput(pictures(layer, type), WORKSPACES);
        INDArray y = ConvolutionPasses.channelsFirst(layer, layer.activate(false, WORKSPACES));
        INDArray rows = Objects.requireNonNull(new Convolution2d().inputRows().of(layer));
        INDArray out = rows.mmul(Matrix.filters("W").view().apply(layer.getParam("W")));
        if (layer.hasBias()) {
            out.addiRowVector(layer.getParam("b"));
        }
        assertClose(y.permute(0, 2, 3, 1).dup('c').reshape('c', out.shape()), out, "X M + b");
    }

    /** What nothing below wants is not made; what was not kept is made again. */
    @Test
    void withoutEpsilonAndWithoutItsForwardPass() {
        ConvolutionLayer layer = layer(new Builder(3, 3).activation(Activation.RELU), DataType.DOUBLE);
        INDArray x = pictures(layer, DataType.DOUBLE);
        layer.setInput(x, WORKSPACES);
        INDArray epsilon =
                Nd4j.rand(DataType.DOUBLE, layer.activate(true, WORKSPACES).shape());
        INDArray whole =
                layer.backpropGradient(epsilon.dup(), WORKSPACES).getFirst().getGradientFor("W");
        Training training = new Training(false, false);
        ConvolutionPasses passes = new ConvolutionPasses(training);
        Map<String, INDArray> kept = new HashMap<>();
        for (String when : List.of("after a forward pass", "without one")) {
            passes.forget();
            if (when.startsWith("after")) {
                passes.forward(layer, WORKSPACES);
            }
            Pair<Gradient, INDArray> back = passes.backward(layer, epsilon.dup(), WORKSPACES);
            assertNull(back.getSecond());
            INDArray formed = Nd4j.create(DataType.DOUBLE, INPUTS * 9L, OUTPUTS);
            Objects.requireNonNull(training.gradient).formed(formed, 0);
            kept.put(when, formed);
        }
        kept.forEach((when, formed) -> assertClose(Matrix.filters("W").view().apply(whole), formed, "dL/dM " + when));
    }

    @Test
    void inputsThatDoNotFitAreLeftToDl4j() {
        ConvolutionLayer layer = layer(new Builder(3, 3), DataType.FLOAT);
        ConvolutionPasses passes = new ConvolutionPasses(new Training(true, false));
        assertNull(passes.forward(layer, WORKSPACES));
        layer.setInput(Nd4j.rand(DataType.FLOAT, EXAMPLES, INPUTS + 1, 9, 7), WORKSPACES);
        assertNull(passes.forward(layer, WORKSPACES));
        layer.setInput(Nd4j.rand(DataType.FLOAT, EXAMPLES, 63), WORKSPACES);
        assertNull(passes.forward(layer, WORKSPACES));
    }

    /** More examples than are worked on at a time, in both directions; the way there only moves numbers. */
    @ParameterizedTest
    @MethodSource("formsAndTypes")
    void patchesAreThoseOfNd4j(Form form, DataType type) {
        ConvolutionLayer layer = layer(form.builder(), type);
        var settings = layer.layerConf();
        int[] filter = settings.getKernelSize();
        int side = 40;
        int examples = 200;
        INDArray pictures = Nd4j.rand(type, INPUTS, examples, side, side);
        int[] places = {
            (side - filter[0]) / settings.getStride()[0] + 1, (side - filter[1]) / settings.getStride()[1] + 1
        };
        int[] none = {0, 0};
        int[] one = {1, 1};
        Patches patches = new Patches(
                new Patches.Frame(INPUTS, new int[] {side, side}, filter, settings.getStride(), none, one, places),
                examples,
                type);
        INDArray expected =
                Nd4j.create(type, new long[] {INPUTS, filter[0], filter[1], examples, places[0], places[1]}, 'c');
        Convolution.im2col(
                pictures.permute(1, 0, 2, 3),
                filter[0],
                filter[1],
                settings.getStride()[0],
                settings.getStride()[1],
                0,
                0,
                1,
                1,
                false,
                expected.permute(3, 0, 1, 2, 4, 5));
        INDArray all = Nd4j.create(type, expected.shape(), 'c');
        INDArray added = Nd4j.create(type, pictures.shape(), 'c');
        patches.each((first, count) -> {
            INDArray some = patches.of(pictures, first, count);
            patches.rows(all, first, count).assign(some);
            patches.addUp(some, added, first, count);
        });
        assertEquals(0, expected.sub(all).amaxNumber().doubleValue());
        INDArray together = Nd4j.create(type, pictures.shape(), 'c');
        Convolution.col2im(
                expected.permute(3, 0, 1, 2, 4, 5),
                together.permute(1, 0, 2, 3),
                settings.getStride()[0],
                settings.getStride()[1],
                0,
                0,
                side,
                side,
                1,
                1);
        assertClose(together, added, "the sum");
    }
}
