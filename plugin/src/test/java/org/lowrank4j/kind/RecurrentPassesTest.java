package org.lowrank4j.kind;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.layers.BaseRecurrentLayer;
import org.deeplearning4j.nn.conf.layers.GravesBidirectionalLSTM;
import org.deeplearning4j.nn.conf.layers.GravesLSTM;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Both passes of recurrent layers against those of DL4J's layers. */
class RecurrentPassesTest {

    private static final int EXAMPLES = 3;
    private static final int INPUTS = 4;
    private static final int UNITS = 5;
    private static final int STEPS = 7;
    private static final LayerWorkspaceMgr WORKSPACES = LayerWorkspaceMgr.noWorkspaces();

    /** A kind of layer under some settings. */
    record Form(String name, LayerKind kind, Supplier<BaseRecurrentLayer.Builder<?>> builder) {

        Form with(String setting, UnaryOperator<BaseRecurrentLayer.Builder<?>> settings) {
            return new Form(name + ", " + setting, kind, () -> settings.apply(builder.get()));
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static List<Form> forms() {
        List<Form> forms = new ArrayList<>();
        for (Form plain : List.of(
                new Form("lstm", new Lstm(), LSTM.Builder::new),
                new Form("peepholes", new GravesLstm(), GravesLSTM.Builder::new),
                new Form(
                        "plain",
                        new SimpleRnn(),
                        org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn.Builder::new))) {
            forms.add(plain);
            forms.add(plain.with("softsign", builder -> builder.activation(Activation.SOFTSIGN)));
            forms.add(plain.with("rectifier", builder -> builder.activation(Activation.RELU)));
            forms.add(plain.with("dropout", builder -> builder.dropOut(0.5)));
        }
        for (Form gated : List.of(forms.get(0), forms.get(4))) {
            forms.add(gated.with("steps first", builder -> builder.dataFormat(RNNFormat.NWC)));
        }
        forms.add(new Form(
                "lstm, hard gates",
                new Lstm(),
                () -> new LSTM.Builder().gateActivationFunction(Activation.HARDSIGMOID)));
        forms.add(new Form(
                "peepholes, hard gates",
                new GravesLstm(),
                () -> new GravesLSTM.Builder().gateActivationFunction(Activation.HARDSIGMOID)));
        return forms;
    }

    static Stream<Arguments> formsAndTypes() {
        return forms().stream()
                .flatMap(form -> Stream.of(Arguments.of(form, DataType.FLOAT), Arguments.of(form, DataType.DOUBLE)));
    }

    private static org.deeplearning4j.nn.layers.recurrent.BaseRecurrentLayer<?> layer(Form form, DataType type) {
        BaseRecurrentLayer.Builder<?> builder = form.builder().get();
        builder.nIn(INPUTS).nOut(UNITS);
        NeuralNetConfiguration configuration = new NeuralNetConfiguration.Builder()
                .dataType(type)
                .seed(5)
                .layer(builder.build())
                .build();
        long count = configuration.getLayer().initializer().numParams(configuration);
        INDArray parameters = Nd4j.create(type, 1, count);
        var layer = (org.deeplearning4j.nn.layers.recurrent.BaseRecurrentLayer<?>)
                configuration.getLayer().instantiate(configuration, null, 0, parameters, true, type);
        parameters.assign(Nd4j.rand(type, 1, count).subi(0.5).muli(2));
        layer.setBackpropGradientsViewArray(Nd4j.create(type, 1, count));
        return layer;
    }

    private static LayerPasses passes(
            Form form, org.deeplearning4j.nn.layers.recurrent.BaseRecurrentLayer<?> layer, Lent lent) {
        return Objects.requireNonNull(form.kind().standIn(layer)).passes(lent);
    }

    private static Lent lent(
            org.deeplearning4j.nn.layers.recurrent.BaseRecurrentLayer<?> layer,
            boolean needsEpsilon,
            boolean overwritten) {
        return new Lent(
                needsEpsilon, overwritten, Map.of("b", layer.getParam("b").dup()));
    }

    private static INDArray series(
            org.deeplearning4j.nn.layers.recurrent.BaseRecurrentLayer<?> layer, DataType type, int units) {
        INDArray drawn = Nd4j.rand(type, EXAMPLES, units, STEPS).subi(0.5);
        return layer.getDataFormat() == RNNFormat.NWC ? drawn.permute(0, 2, 1).dup('c') : drawn;
    }

    private static void assertClose(INDArray expected, INDArray actual, String what) {
        assertArrayEquals(expected.shape(), actual.shape(), what);
        double tolerance = expected.dataType() == DataType.DOUBLE ? 1e-12 : 2e-5;
        INDArray difference = expected.dup('c').subi(actual.dup('c'));
        assertTrue(
                difference.amaxNumber().doubleValue() <= tolerance,
                () -> what + " differs by " + difference.amaxNumber());
    }

    private static void assertGradients(Form form, Pair<Gradient, INDArray> stock, Lent lent) {
        for (Matrix matrix : form.kind().matrices()) {
            String parameter = matrix.parameter();
            INDArray expected = matrix.view().apply(stock.getFirst().getGradientFor(parameter));
            assertClose(expected, lent.formed(parameter), "dL/d" + parameter);
            assertEquals(EXAMPLES, lent.rows(parameter));
        }
        INDArray bias = Objects.requireNonNull(lent.gradient("b"));
        assertClose(stock.getFirst().getGradientFor("b").reshape(bias.shape()), bias, "dL/db");
    }

    /** Whole series, with and without a mask that leaves out steps in the middle. */
    @ParameterizedTest
    @MethodSource("formsAndTypes")
    void bothPassesAreThoseOfDl4j(Form form, DataType type) {
        Nd4j.getRandom().setSeed(7);
        var layer = layer(form, type);
        INDArray x = series(layer, type, INPUTS);
        INDArray epsilon = series(layer, type, UNITS);
        INDArray someSteps = Nd4j.ones(type, EXAMPLES, STEPS);
        someSteps.putScalar(0, 3, 0);
        someSteps.putScalar(1, 0, 0);
        someSteps.putScalar(2, STEPS - 1, 0);
        for (INDArray mask : new INDArray[] {null, someSteps}) {
            layer.clear();
            layer.setMaskArray(mask);
            Nd4j.getRandom().setSeed(11);
            INDArray y = layer.activate(x.dup(), true, WORKSPACES).dup();
            Pair<Gradient, INDArray> stock = layer.backpropGradient(epsilon.dup(), WORKSPACES);
            for (boolean overwritten : new boolean[] {false, true}) {
                Lent lent = lent(layer, true, overwritten);
                LayerPasses passes = passes(form, layer, lent);
                layer.clear();
                layer.setMaskArray(mask);
                layer.setInput(x.dup(), WORKSPACES);
                Nd4j.getRandom().setSeed(11);
                INDArray ours = Objects.requireNonNull(passes.forward(layer, WORKSPACES));
                assertClose(y, ours, "the output");
                if (overwritten) {
                    ours.addi(1);
                }
                INDArray shared = epsilon.dup();
                Pair<Gradient, INDArray> back = Objects.requireNonNull(passes.backward(layer, shared, WORKSPACES));
                assertEquals(epsilon, shared, "epsilon is not the layer's own");
                assertClose(stock.getSecond(), back.getSecond(), "epsilon");
                assertGradients(form, stock, lent);
            }
        }
    }

    /** Stretches of a series, one after the other; the way back is shorter than some and longer than others. */
    @ParameterizedTest
    @MethodSource("formsAndTypes")
    void truncatedBackpropagationIsThatOfDl4j(Form form, DataType type) {
        Nd4j.getRandom().setSeed(13);
        var layer = layer(form, type);
        var twin = layer(form, type);
        twin.setParams(layer.params());
        Lent lent = lent(layer, true, false);
        LayerPasses passes = passes(form, twin, lent);
        for (int length : new int[] {STEPS, 3, STEPS + 2, 1}) {
            INDArray x = series(layer, type, INPUTS);
            INDArray epsilon = series(layer, type, UNITS);
            Nd4j.getRandom().setSeed(17);
            INDArray y = layer.rnnActivateUsingStoredState(x.dup(), true, true, WORKSPACES)
                    .dup();
            Pair<Gradient, INDArray> stock = layer.tbpttBackpropGradient(epsilon.dup(), length, WORKSPACES);
            Nd4j.getRandom().setSeed(17);
            twin.setInput(x.dup(), WORKSPACES);
            assertClose(y, Objects.requireNonNull(passes.forwardFromState(twin, true, WORKSPACES)), "the output");
            Pair<Gradient, INDArray> back =
                    Objects.requireNonNull(passes.truncatedBackward(twin, epsilon.dup(), length, WORKSPACES));
            assertClose(stock.getSecond(), back.getSecond(), "epsilon");
            assertGradients(form, stock, lent);
            assertEquals(
                    layer.rnnGetTBPTTState().keySet(), twin.rnnGetTBPTTState().keySet());
            layer.rnnGetTBPTTState()
                    .forEach((key, state) -> assertClose(
                            state,
                            Objects.requireNonNull(twin.rnnGetTBPTTState().get(key)),
                            key));
            layer.rnnSetPreviousState(layer.rnnGetTBPTTState());
            twin.rnnSetPreviousState(twin.rnnGetTBPTTState());
        }
    }

    /** The layer of two LSTMs, one of which sees the series from its end. */
    @Test
    void bothWaysInOneLayer() {
        for (RNNFormat format : RNNFormat.values()) {
            Form form = new Form(
                    "both ways",
                    new GravesBidirectionalLstm(),
                    () -> new GravesBidirectionalLSTM.Builder().dropOut(0.5).dataFormat(format));
            DataType type = DataType.DOUBLE;
            var layer = layer(form, type);
            INDArray x = series(layer, type, INPUTS);
            INDArray epsilon = series(layer, type, UNITS);
            INDArray someSteps = Nd4j.ones(type, EXAMPLES, STEPS);
            someSteps.putScalar(0, 3, 0);
            someSteps.putScalar(1, 0, 0);
            for (INDArray mask : new INDArray[] {null, someSteps}) {
                layer.clear();
                layer.setMaskArray(mask);
                INDArray y = layer.activate(x.dup(), true, WORKSPACES).dup();
                Pair<Gradient, INDArray> stock = layer.backpropGradient(epsilon.dup(), WORKSPACES);
                Lent lent = new Lent(
                        true,
                        false,
                        Map.of(
                                "bF",
                                layer.getParam("bF").dup(),
                                "bB",
                                layer.getParam("bB").dup()));
                LayerPasses passes = passes(form, layer, lent);
                assertClose(y, Objects.requireNonNull(passes.forward(layer, WORKSPACES)), "the output");
                Pair<Gradient, INDArray> back = Objects.requireNonNull(passes.backward(layer, epsilon, WORKSPACES));
                assertClose(stock.getSecond(), back.getSecond(), "epsilon");
                for (Matrix matrix : form.kind().matrices()) {
                    String parameter = matrix.parameter();
                    INDArray expected = matrix.view().apply(stock.getFirst().getGradientFor(parameter));
                    assertClose(expected, lent.formed(parameter), "dL/d" + parameter);
                }
                for (String bias : List.of("bF", "bB")) {
                    INDArray ours = Objects.requireNonNull(lent.gradient(bias));
                    assertClose(stock.getFirst().getGradientFor(bias).reshape(ours.shape()), ours, "dL/d" + bias);
                }
            }
        }
    }

    /** What nothing below wants is not made; what was not kept is made again. */
    @Test
    void withoutEpsilonAndWithoutItsForwardPass() {
        for (Form form : forms()) {
            DataType type = DataType.DOUBLE;
            var layer = layer(form, type);
            layer.setInput(series(layer, type, INPUTS), WORKSPACES);
            layer.activate(true, WORKSPACES);
            INDArray epsilon = series(layer, type, UNITS);
            Pair<Gradient, INDArray> stock = layer.backpropGradient(epsilon.dup(), WORKSPACES);
            Lent lent = lent(layer, false, false);
            LayerPasses passes = passes(form, layer, lent);
            passes.forward(layer, WORKSPACES);
            passes.forget();
            assertNull(Objects.requireNonNull(passes.backward(layer, epsilon.dup(), WORKSPACES))
                    .getSecond());
            assertGradients(form, stock, lent);
        }
    }

    @Test
    void whatDl4jAnswersInAnotherWayIsLeftToIt() {
        for (Form form : forms()) {
            assertNull(form.kind()
                    .standIn(layer(
                            form.with("softmax", builder -> builder.activation(Activation.SOFTMAX)), DataType.FLOAT)));
            var layer = layer(form, DataType.FLOAT);
            LayerPasses passes = passes(form, layer, lent(layer, true, false));
            assertNull(passes.forward(layer, WORKSPACES));
            layer.setInput(series(layer, DataType.FLOAT, INPUTS + 1), WORKSPACES);
            assertNull(passes.forward(layer, WORKSPACES));
            layer.setInput(Nd4j.rand(DataType.FLOAT, EXAMPLES, INPUTS), WORKSPACES);
            assertNull(passes.forward(layer, WORKSPACES));
        }
        for (Form gated : List.of(forms().get(0), forms().get(4))) {
            Form dropped = gated.with("dropout", builder -> builder.dropOut(0.5))
                    .with("steps first", builder -> builder.dataFormat(RNNFormat.NWC));
            assertNull(dropped.kind().standIn(layer(dropped, DataType.FLOAT)));
        }
        Form plain = new Form(
                "layer normalisation",
                new SimpleRnn(),
                () -> new org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn.Builder().hasLayerNorm(true));
        assertNull(plain.kind().standIn(layer(plain, DataType.FLOAT)));
    }
}
