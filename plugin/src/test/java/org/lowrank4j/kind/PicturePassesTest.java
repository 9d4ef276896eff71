package org.lowrank4j.kind;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyChar;
import static org.mockito.ArgumentMatchers.argThat;
import static org.mockito.ArgumentMatchers.eq;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.spy;
import static org.mockito.Mockito.verify;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.dropout.Dropout;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.Convolution3D;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.Deconvolution3D;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.SeparableConvolution2D;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.convolution.ConvolutionEngines;
import org.lowrank4j.convolution.OneDnnHere;
import org.lowrank4j.loss.TrainingLoss;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationLReLU;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.activations.impl.ActivationTanH;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Both passes of what convolves pictures against those of DL4J's layers. */
class PicturePassesTest {

    private static final int EXAMPLES = 3;
    private static final int INPUTS = 2;
    private static final int OUTPUTS = 4;
    private static final LayerWorkspaceMgr WORKSPACES = LayerWorkspaceMgr.noWorkspaces();

    private static final Form PLAIN = new Form("plain", layer -> {});

    /** What convolves pictures of 9 x 7 pixels. */
    enum Kind {
        CONVOLUTION("W", ConvolutionPasses::new) {
            @Override
            org.deeplearning4j.nn.conf.layers.ConvolutionLayer layer() {
                return new org.deeplearning4j.nn.conf.layers.ConvolutionLayer.Builder(3, 3)
                        .nIn(INPUTS)
                        .nOut(OUTPUTS)
                        .build();
            }

            @Override
            Matrix matrix() {
                return new Convolution2d().matrices().get(0);
            }
        },
        DEPTHWISE("W", DepthwisePasses::new) {
            @Override
            org.deeplearning4j.nn.conf.layers.ConvolutionLayer layer() {
                return new DepthwiseConvolution2D.Builder(3, 3)
                        .nIn(INPUTS)
                        .nOut(INPUTS)
                        .depthMultiplier(1)
                        .build();
            }

            @Override
            Matrix matrix() {
                return new DepthwiseConvolution2d().matrices().get(0);
            }
        },
        DEPTHWISE_WITH_TWO_EACH("W", DepthwisePasses::new) {
            @Override
            org.deeplearning4j.nn.conf.layers.ConvolutionLayer layer() {
                return new DepthwiseConvolution2D.Builder(3, 3)
                        .nIn(INPUTS)
                        .nOut(INPUTS * 2L)
                        .depthMultiplier(2)
                        .build();
            }

            @Override
            Matrix matrix() {
                return new DepthwiseConvolution2d().matrices().get(0);
            }
        },
        TRANSPOSED("W", DeconvolutionPasses::new) {
            @Override
            org.deeplearning4j.nn.conf.layers.ConvolutionLayer layer() {
                return new Deconvolution2D.Builder(3, 3)
                        .nIn(INPUTS)
                        .nOut(OUTPUTS)
                        .build();
            }

            @Override
            Matrix matrix() {
                return new Deconvolution2d().matrices().get(0);
            }
        },
        SEQUENCE("W", SequencePasses::new) {
            @Override
            org.deeplearning4j.nn.conf.layers.ConvolutionLayer layer() {
                return new Convolution1DLayer.Builder(3)
                        .nIn(INPUTS)
                        .nOut(OUTPUTS)
                        .build();
            }

            @Override
            Matrix matrix() {
                return new Convolution1d().matrices().get(0);
            }
        },
        SEPARABLE("pW", SeparablePasses::new) {
            @Override
            org.deeplearning4j.nn.conf.layers.ConvolutionLayer layer() {
                return new SeparableConvolution2D.Builder(3, 3)
                        .nIn(INPUTS)
                        .nOut(OUTPUTS)
                        .depthMultiplier(3)
                        .build();
            }

            @Override
            Matrix matrix() {
                return new SeparableConvolution2d().matrices().get(0);
            }
        },
        VOLUMES("W", VolumePasses::new) {
            @Override
            org.deeplearning4j.nn.conf.layers.ConvolutionLayer layer() {
                return new Convolution3D.Builder(3, 3, 3)
                        .nIn(INPUTS)
                        .nOut(OUTPUTS)
                        .build();
            }

            @Override
            Matrix matrix() {
                return new Convolution3d().matrices().get(0);
            }
        },
        TRANSPOSED_VOLUMES("W", VolumeDeconvolutionPasses::new) {
            @Override
            org.deeplearning4j.nn.conf.layers.ConvolutionLayer layer() {
                return new Deconvolution3D.Builder()
                        .kernelSize(3, 3, 3)
                        .nIn(INPUTS)
                        .nOut(OUTPUTS)
                        .build();
            }

            @Override
            Matrix matrix() {
                return new Deconvolution3d().matrices().get(0);
            }
        };

        private final String parameter;
        private final StandIn standIn;

        Kind(String parameter, StandIn standIn) {
            this.parameter = parameter;
            this.standIn = standIn;
        }

        abstract org.deeplearning4j.nn.conf.layers.ConvolutionLayer layer();

        abstract Matrix matrix();
    }

    record Form(String name, Consumer<org.deeplearning4j.nn.conf.layers.ConvolutionLayer> settings) {

        @Override
        public String toString() {
            return name;
        }
    }

    static List<Form> forms() {
        return List.of(
                PLAIN,
                new Form("padded", layer -> layer.setPadding(new int[] {1, 1})),
                new Form("strides", layer -> {
                    layer.setKernelSize(new int[] {2, 3});
                    layer.setStride(new int[] {2, 3});
                }),
                new Form("padded strides", layer -> {
                    layer.setPadding(new int[] {1, 2});
                    layer.setStride(new int[] {2, 2});
                }),
                new Form("strides beyond the filter", layer -> {
                    layer.setKernelSize(new int[] {1, 2});
                    layer.setStride(new int[] {2, 3});
                }),
                new Form("dilated", layer -> {
                    layer.setKernelSize(new int[] {2, 3});
                    layer.setDilation(new int[] {3, 2});
                    layer.setPadding(new int[] {2, 1});
                }),
                new Form("dilated strides", layer -> {
                    layer.setKernelSize(new int[] {2, 3});
                    layer.setDilation(new int[] {3, 2});
                    layer.setStride(new int[] {2, 2});
                }),
                new Form("same", layer -> layer.setConvolutionMode(ConvolutionMode.Same)),
                new Form("same, even, strides", layer -> {
                    layer.setKernelSize(new int[] {4, 2});
                    layer.setStride(new int[] {2, 2});
                    layer.setConvolutionMode(ConvolutionMode.Same);
                }),
                new Form("wider than the picture", layer -> {
                    layer.setKernelSize(new int[] {11, 9});
                    layer.setPadding(new int[] {4, 5});
                }),
                new Form("single pixels", layer -> layer.setKernelSize(new int[] {1, 1})),
                new Form("some single pixels", layer -> {
                    layer.setKernelSize(new int[] {1, 1});
                    layer.setStride(new int[] {2, 2});
                }),
                new Form("padded single pixels", layer -> {
                    layer.setKernelSize(new int[] {1, 1});
                    layer.setPadding(new int[] {1, 0});
                }),
                new Form("without bias", layer -> layer.setHasBias(false)),
                new Form("channels last", layer -> layer.setCnn2dDataFormat(CNN2DFormat.NHWC)),
                new Form("identity", layer -> layer.setActivationFn(new ActivationIdentity())),
                new Form("tanh", layer -> layer.setActivationFn(new ActivationTanH())),
                new Form("softmax over channels", layer -> layer.setActivationFn(new ActivationSoftmax())),
                new Form("leaky rectifier", layer -> layer.setActivationFn(new ActivationLReLU())),
                new Form("dropout", layer -> layer.setIDropout(new Dropout(0.5))));
    }

    static List<Form> formsOfVolumes() {
        return List.of(
                PLAIN,
                new Form("padded strides", layer -> {
                    layer.setKernelSize(new int[] {2, 3, 1});
                    layer.setPadding(new int[] {1, 2, 0});
                    layer.setStride(new int[] {2, 1, 2});
                }),
                new Form("strides beyond the filter", layer -> {
                    layer.setKernelSize(new int[] {1, 2, 1});
                    layer.setStride(new int[] {2, 3, 2});
                }),
                new Form("dilated", layer -> {
                    layer.setKernelSize(new int[] {2, 3, 2});
                    layer.setDilation(new int[] {2, 1, 3});
                    layer.setPadding(new int[] {1, 0, 2});
                }),
                new Form("same", layer -> layer.setConvolutionMode(ConvolutionMode.Same)),
                new Form("same, even, strides", layer -> {
                    layer.setKernelSize(new int[] {4, 2, 3});
                    layer.setStride(new int[] {2, 2, 1});
                    layer.setConvolutionMode(ConvolutionMode.Same);
                }),
                new Form("single pixels", layer -> layer.setKernelSize(new int[] {1, 1, 1})),
                new Form("some single pixels", layer -> {
                    layer.setKernelSize(new int[] {1, 1, 1});
                    layer.setStride(new int[] {2, 1, 3});
                }),
                new Form("without bias", layer -> layer.setHasBias(false)),
                new Form("channels last", PicturePassesTest::volumesWithChannelsLast),
                new Form("channels last, dropout", layer -> {
                    volumesWithChannelsLast(layer);
                    layer.setIDropout(new Dropout(0.5));
                }),
                new Form("identity", layer -> layer.setActivationFn(new ActivationIdentity())),
                new Form("tanh", layer -> layer.setActivationFn(new ActivationTanH())),
                new Form("dropout", layer -> layer.setIDropout(new Dropout(0.5))));
    }

    private static void volumesWithChannelsLast(org.deeplearning4j.nn.conf.layers.ConvolutionLayer layer) {
        if (layer instanceof Convolution3D volumes) {
            volumes.setDataFormat(Convolution3D.DataFormat.NDHWC);
        } else {
            ((Deconvolution3D) layer).setDataFormat(Convolution3D.DataFormat.NDHWC);
        }
    }

    private static boolean overVolumes(Kind kind) {
        return kind == Kind.VOLUMES || kind == Kind.TRANSPOSED_VOLUMES;
    }

    /** Those that a kind of layer has. */
    private static Stream<Form> forms(Kind kind) {
        if (overVolumes(kind)) {
            return formsOfVolumes().stream();
        }
        return kind == Kind.SEQUENCE
                ? Stream.concat(
                        forms().stream().filter(form -> !form.name().equals("channels last")),
                        Stream.of(
                                new Form("causal", layer -> layer.setConvolutionMode(ConvolutionMode.Causal)),
                                new Form("causal, dilated, strides", layer -> {
                                    layer.setConvolutionMode(ConvolutionMode.Causal);
                                    layer.setDilation(new int[] {2, 1});
                                    layer.setStride(new int[] {2, 1});
                                })))
                : forms().stream();
    }

    static Stream<Arguments> kindsFormsAndEngines() {
        return Stream.of(Kind.values())
                .flatMap(kind -> forms(kind)
                        .flatMap(form -> Stream.of(
                                Arguments.of(kind, form, ConvolutionEngines.PORTABLE, DataType.FLOAT),
                                Arguments.of(kind, form, ConvolutionEngines.PORTABLE, DataType.DOUBLE),
                                Arguments.of(kind, form, ConvolutionEngines.ONEDNN, DataType.FLOAT))));
    }

    @AfterEach
    void askForNone() {
        ConvolutionEngines.ask(null, "");
    }

    static Stream<Arguments> formsAndTypes() {
        return forms().stream()
                .flatMap(form -> Stream.of(Arguments.of(form, DataType.FLOAT), Arguments.of(form, DataType.DOUBLE)));
    }

    /** What the passes are lent, and what they gave. */
    private static final class Training implements LayerTraining {

        private final boolean needsEpsilon;
        private final boolean overwritten;
        private @Nullable INDArray ofBias;
        private @Nullable String parameter;
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
            this.parameter = parameter;
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

    private static BaseLayer<?> layer(Kind kind, Form form, DataType type) {
        org.deeplearning4j.nn.conf.layers.ConvolutionLayer settings = kind.layer();
        settings.setActivationFn(new ActivationReLU());
        // As a network sets it; a separable convolution has none of its own.
        settings.setCnn2dDataFormat(CNN2DFormat.NCHW);
        form.settings().accept(settings);
        NeuralNetConfiguration configuration = new NeuralNetConfiguration.Builder()
                .dataType(type)
                .seed(5)
                .layer(settings)
                .build();
        long count = configuration.getLayer().initializer().numParams(configuration);
        INDArray parameters = Nd4j.create(type, 1, count);
        BaseLayer<?> layer =
                (BaseLayer<?>) configuration.getLayer().instantiate(configuration, null, 0, parameters, true, type);
        parameters.assign(Nd4j.rand(type, 1, count).subi(0.5));
        layer.setBackpropGradientsViewArray(Nd4j.create(type, 1, count));
        return layer;
    }

    private static BaseLayer<?> convolution(Form form, DataType type) {
        return layer(Kind.CONVOLUTION, form, type);
    }

    private static INDArray pictures(BaseLayer<?> layer, DataType type) {
        if (layer instanceof org.deeplearning4j.nn.layers.convolution.Convolution1DLayer) {
            return Nd4j.rand(type, EXAMPLES, INPUTS, 13).subi(0.5);
        }
        if (layer.layerConf() instanceof Convolution3D || layer.layerConf() instanceof Deconvolution3D) {
            INDArray drawn = Nd4j.rand(type, EXAMPLES, INPUTS, 5, 7, 6).subi(0.5);
            return Volumes.inFormat(format(layer), drawn).dup('c');
        }
        INDArray drawn = Nd4j.rand(type, EXAMPLES, INPUTS, 9, 7).subi(0.5);
        return PicturePasses.settings(layer).getCnn2dDataFormat() == CNN2DFormat.NHWC
                ? drawn.permute(0, 2, 3, 1).dup('c')
                : drawn;
    }

    private static Convolution3D.DataFormat format(BaseLayer<?> layer) {
        return layer.layerConf() instanceof Convolution3D volumes
                ? volumes.getDataFormat()
                : ((Deconvolution3D) layer.layerConf()).getDataFormat();
    }

    private static void assertClose(INDArray expected, INDArray actual, String what) {
        assertArrayEquals(expected.shape(), actual.shape(), what);
        double largest = Math.max(1, expected.amaxNumber().doubleValue());
        double tolerance = (expected.dataType() == DataType.DOUBLE ? 1e-12 : 2e-5) * largest;
        INDArray difference = expected.dup('c').subi(actual.dup('c'));
        assertTrue(
                difference.amaxNumber().doubleValue() <= tolerance,
                () -> what + " differs by " + difference.amaxNumber());
    }

    @ParameterizedTest
    @MethodSource("kindsFormsAndEngines")
    void bothPassesAreThoseOfDl4j(Kind kind, Form form, String engine, DataType type) {
        assumeTrue(engine.equals(ConvolutionEngines.PORTABLE) || OneDnnHere.isExpected());
        ConvolutionEngines.ask(engine, "this test");
        Nd4j.getRandom().setSeed(7);
        BaseLayer<?> layer = layer(kind, form, type);
        INDArray x = pictures(layer, type);

        layer.setInput(x.dup(), WORKSPACES);
        Nd4j.getRandom().setSeed(11);
        INDArray y = layer.activate(true, WORKSPACES).dup();
        INDArray epsilon = Nd4j.rand(type, y.shape()).subi(0.5);
        Pair<Gradient, INDArray> stock = layer.backpropGradient(epsilon.dup(), WORKSPACES);

        for (boolean overwritten : new boolean[] {false, true}) {
            Training training = new Training(true, overwritten);
            training.ofBias = PicturePasses.settings(layer).hasBias()
                    ? layer.getParam("b").ulike()
                    : null;
            LayerPasses passes = kind.standIn.passes(training);
            layer.clear();
            layer.setInput(x.dup(), WORKSPACES);
            Nd4j.getRandom().setSeed(11);
            INDArray ours = Objects.requireNonNull(passes.forward(layer, WORKSPACES));
            assertClose(y, ours, "the output");
            if (overwritten) {
                ours.addi(1);
            }
            Pair<Gradient, INDArray> back = Objects.requireNonNull(passes.backward(layer, epsilon.dup(), WORKSPACES));
            assertClose(stock.getSecond(), back.getSecond(), "epsilon");
            if (PicturePasses.settings(layer).hasBias()) {
                assertClose(stock.getFirst().getGradientFor("b"), training.ofBias, "dL/db");
            }
            assertEquals(kind.parameter, training.parameter);
            INDArray whole = kind.matrix().view().apply(stock.getFirst().getGradientFor(kind.parameter));
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
        BaseLayer<?> layer = convolution(form, type);
        PicturePasses.settings(layer).setActivationFn(new ActivationIdentity());
        layer.setInput(pictures(layer, type), WORKSPACES);
        INDArray y = PicturePasses.pictures(layer, layer.activate(false, WORKSPACES));
        INDArray rows = Objects.requireNonNull(new Convolution2d().inputRows().of(layer, "W"));
        INDArray out = rows.mmul(Matrix.filters("W").view().apply(layer.getParam("W")));
        if (PicturePasses.settings(layer).hasBias()) {
            out.addiRowVector(layer.getParam("b"));
        }
        assertClose(y.permute(0, 2, 3, 1).dup('c').reshape('c', out.shape()), out, "X M + b");
    }

    /** What nothing below wants is not made; what was not kept is made again. */
    @Test
    void withoutEpsilonAndWithoutItsForwardPass() {
        BaseLayer<?> layer = convolution(PLAIN, DataType.DOUBLE);
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

    /** Only products with the patches need the input in the order of the products. */
    @Test
    void aFrozenOneCopiesNoInputOnTheWayBack() {
        Form lastChannels = new Form("channels last", layer -> layer.setCnn2dDataFormat(CNN2DFormat.NHWC));
        for (Kind kind : List.of(Kind.CONVOLUTION, Kind.DEPTHWISE, Kind.TRANSPOSED, Kind.SEPARABLE)) {
            BaseLayer<?> layer = layer(kind, lastChannels, DataType.FLOAT);
            INDArray input = pictures(layer, DataType.FLOAT);
            layer.setInput(input, WORKSPACES);
            LayerPasses passes = kind.standIn.passes(new Training(true, false));
            INDArray y = Objects.requireNonNull(passes.forward(layer, WORKSPACES));
            LayerWorkspaceMgr watched = spy(LayerWorkspaceMgr.noWorkspaces());
            passes.backward(layer, y.dup(), watched);
            long[] byChannel = input.permute(3, 0, 1, 2).shape();
            verify(watched, never())
                    .createUninitialized(
                            eq(ArrayType.BP_WORKING_MEM),
                            any(),
                            argThat((long[] shape) -> Arrays.equals(shape, byChannel)),
                            anyChar());
        }
    }

    /** DL4J's layers, which made an input in 'c' order, are slow with an epsilon in another; ours pass on their own. */
    @Test
    void epsilonLiesInMemoryAsTheInputDoes() {
        for (Kind kind : List.of(Kind.CONVOLUTION, Kind.DEPTHWISE, Kind.TRANSPOSED, Kind.SEPARABLE)) {
            BaseLayer<?> layer = layer(kind, PLAIN, DataType.FLOAT);
            for (boolean plain : new boolean[] {true, false}) {
                INDArray x = pictures(layer, DataType.FLOAT).dup('c');
                INDArray input = plain ? x : x.swapAxes(0, 1).dup('c').swapAxes(0, 1);
                layer.setInput(input, WORKSPACES);
                LayerPasses passes = kind.standIn.passes(new Training(true, false));
                INDArray y = Objects.requireNonNull(passes.forward(layer, WORKSPACES));
                INDArray epsilon = passes.backward(layer, y.dup(), WORKSPACES).getSecond();
                assertArrayEquals(input.stride(), epsilon.stride(), kind + ", " + plain);
            }
        }
    }

    /** DL4J's own convolution throws, with every Keras network that is imported as it is: that has a dropout that drops nothing. */
    @Test
    void whatIsDroppedOutWithChannelsLast() {
        Form form = new Form("channels last", layer -> {
            layer.setCnn2dDataFormat(CNN2DFormat.NHWC);
            layer.setIDropout(new Dropout(0.5));
        });
        for (Kind kind : List.of(Kind.CONVOLUTION, Kind.DEPTHWISE, Kind.SEPARABLE)) {
            BaseLayer<?> layer = layer(kind, form, DataType.DOUBLE);
            layer.setInput(pictures(layer, DataType.DOUBLE), WORKSPACES);
            LayerPasses passes = kind.standIn.passes(new Training(true, false));
            INDArray y =
                    Objects.requireNonNull(passes.forward(layer, WORKSPACES)).dup();
            INDArray dropped = layer.input().dup();
            INDArray epsilon =
                    passes.backward(layer, y.dup(), WORKSPACES).getSecond().dup();
            PicturePasses.settings(layer).setIDropout(null);
            layer.setInput(dropped, WORKSPACES);
            assertClose(y, Objects.requireNonNull(passes.forward(layer, WORKSPACES)), kind + "'s output");
            INDArray whole = passes.backward(layer, y.dup(), WORKSPACES).getSecond();
            assertClose(whole.mul(dropped.neq(0).castTo(DataType.DOUBLE)).muli(2), epsilon, kind + "'s epsilon");
        }
    }

    /** DL4J clears outputs in place after the activation, and its backward pass does not see that. */
    @Test
    void maskedSequences() {
        // DL4J reduces masks of floats only.
        BaseLayer<?> layer = layer(Kind.SEQUENCE, PLAIN, DataType.FLOAT);
        INDArray x = pictures(layer, DataType.FLOAT);
        INDArray mask = Nd4j.ones(DataType.FLOAT, EXAMPLES, 13);
        mask.putScalar(1, 12, 0);
        layer.setMaskArray(mask);
        layer.setInput(x.dup(), WORKSPACES);
        INDArray y = layer.activate(true, WORKSPACES).dup();
        INDArray epsilon = Nd4j.rand(DataType.FLOAT, y.shape()).subi(0.5);
        Pair<Gradient, INDArray> stock = layer.backpropGradient(epsilon.dup(), WORKSPACES);
        Training training = new Training(true, false);
        LayerPasses passes = Kind.SEQUENCE.standIn.passes(training);
        INDArray ours = Objects.requireNonNull(passes.forward(layer, WORKSPACES));
        assertClose(y, ours, "the output");
        ours.muli(0);
        assertClose(
                stock.getSecond(),
                Objects.requireNonNull(passes.backward(layer, epsilon, WORKSPACES))
                        .getSecond(),
                "epsilon");
    }

    @Test
    void inputsThatDoNotFitAreLeftToDl4j() {
        BaseLayer<?> layer = convolution(PLAIN, DataType.FLOAT);
        ConvolutionPasses passes = new ConvolutionPasses(new Training(true, false));
        assertNull(passes.forward(layer, WORKSPACES));
        layer.setInput(Nd4j.rand(DataType.FLOAT, EXAMPLES, INPUTS + 1, 9, 7), WORKSPACES);
        assertNull(passes.forward(layer, WORKSPACES));
        layer.setInput(Nd4j.rand(DataType.FLOAT, EXAMPLES, 63), WORKSPACES);
        assertNull(passes.forward(layer, WORKSPACES));
    }
}
