package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BaseRecurrentLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.GravesBidirectionalLSTM;
import org.deeplearning4j.nn.conf.layers.GravesLSTM;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.conf.layers.recurrent.TimeDistributed;
import org.deeplearning4j.nn.conf.layers.util.MaskZeroLayer;
import org.deeplearning4j.nn.conf.weightnoise.DropConnect;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lowrank4j.engine.AdaptedLayer;
import org.lowrank4j.kind.Wrapped;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Recurrent layers whose passes lowrank4j runs, among layers that DL4J runs, train as DL4J trains them. */
class RecurrentLayersTest {

    private static final int INPUTS = 4;
    private static final int UNITS = 5;
    private static final int STEPS = 6;

    /** The recurrent layers of a network, between a dense layer that trains and an output layer. */
    enum Form {
        LSTM_TWICE(rate -> List.of(lstm(rate).build(), lstm(rate).build())),
        PEEPHOLES(rate -> List.of(
                with(new GravesLSTM.Builder(), rate).build(),
                with(new GravesLSTM.Builder(), rate).build())),
        DROPOUT(rate -> List.of(
                with(new LSTM.Builder().dropOut(0.7), rate).build(),
                with(new GravesLSTM.Builder().dropOut(0.7), rate).build())),
        HARD_GATES(rate -> List.of(with(new LSTM.Builder().gateActivationFunction(Activation.HARDSIGMOID), rate)
                .build())),
        MASKED(rate -> List.of(lstm(rate).build(), lstm(rate).build())),
        TRUNCATED(rate ->
                List.of(lstm(rate).build(), with(new GravesLSTM.Builder(), rate).build())),
        SHORT_WAY_BACK(rate ->
                List.of(lstm(rate).build(), with(new GravesLSTM.Builder(), rate).build())),
        STEPS_FIRST(rate ->
                List.of(with(new LSTM.Builder().dataFormat(RNNFormat.NWC), rate).build())),
        BOTH_WAYS(rate -> List.of(
                new Bidirectional(Bidirectional.Mode.CONCAT, lstm(rate).build()),
                new Bidirectional(
                        Bidirectional.Mode.ADD,
                        with(new GravesLSTM.Builder(), rate).build()),
                new Bidirectional(Bidirectional.Mode.AVERAGE, lstm(rate).build()),
                new Bidirectional(Bidirectional.Mode.MUL, lstm(rate).build()))),
        BOTH_WAYS_MASKED(rate -> List.of(
                new Bidirectional(Bidirectional.Mode.CONCAT, lstm(rate).build()),
                new Bidirectional(Bidirectional.Mode.ADD, lstm(rate).build()))),
        BOTH_WAYS_IN_ONE(rate -> List.of(
                with(new GravesBidirectionalLSTM.Builder().dropOut(0.7), rate).build(),
                with(new GravesBidirectionalLSTM.Builder(), rate).build())),
        BOTH_WAYS_IN_ONE_MASKED(rate ->
                List.of(with(new GravesBidirectionalLSTM.Builder(), rate).build())),
        DROPOUT_IN_WRAPPERS(rate -> List.of(
                lstm(rate).build(),
                new Bidirectional(
                        Bidirectional.Mode.CONCAT,
                        with(new LSTM.Builder().dropOut(0.7), rate).build()),
                lstm(rate).build(),
                new MaskZeroLayer(
                        with(new LSTM.Builder().dropOut(0.7), rate)
                                .nIn(UNITS)
                                .nOut(UNITS)
                                .build(),
                        0))),
        PLAIN(rate -> List.of(
                with(new SimpleRnn.Builder(), rate).build(),
                new Bidirectional(
                        Bidirectional.Mode.ADD,
                        with(new SimpleRnn.Builder(), rate).build()))),
        PLAIN_DROPOUT(rate -> List.of(
                with(new SimpleRnn.Builder().dropOut(0.7), rate).build(),
                with(new SimpleRnn.Builder().dropOut(0.7), rate).build())),
        PLAIN_TRUNCATED(rate -> List.of(
                with(new SimpleRnn.Builder(), rate).build(),
                with(new SimpleRnn.Builder(), rate).build())),
        LAST_STEP(
                rate -> List.of(lstm(rate).build(), new LastTimeStep(lstm(rate).build()))),
        LAST_STEP_MASKED(rate -> List.of(new LastTimeStep(lstm(rate).build()))),
        WITHOUT_ZEROS(rate ->
                List.of(new MaskZeroLayer(lstm(rate).nIn(UNITS).nOut(UNITS).build(), 0))),
        DENSE_IN_EACH_STEP(rate -> List.of(
                lstm(rate).build(),
                new TimeDistributed(new DenseLayer.Builder()
                        .nOut(UNITS)
                        .activation(Activation.TANH)
                        .updater(new Sgd(rate))
                        .biasUpdater(new Sgd(rate))
                        .build())));

        private final Function<Double, List<Layer>> layers;

        Form(Function<Double, List<Layer>> layers) {
            this.layers = layers;
        }

        private static LSTM.Builder lstm(double rate) {
            return with(new LSTM.Builder(), rate);
        }

        private static <B extends BaseRecurrentLayer.Builder<B>> B with(B builder, double rate) {
            builder.nOut(UNITS)
                    .activation(Activation.TANH)
                    .updater(new Sgd(rate))
                    .biasUpdater(new Sgd(rate));
            return builder;
        }

        private boolean lastStep() {
            return name().startsWith("LAST_STEP");
        }

        /** @param rate of the recurrent layers */
        private List<Layer> all(double rate) {
            List<Layer> all = new ArrayList<>();
            all.add(new DenseLayer.Builder()
                    .name("dense")
                    .nOut(UNITS)
                    .activation(Activation.TANH)
                    .build());
            for (Layer layer : layers.apply(rate)) {
                layer.setLayerName("r" + (all.size() - 1));
                all.add(layer);
            }
            all.add(
                    lastStep()
                            ? new OutputLayer.Builder()
                                    .nOut(Nets.CLASSES)
                                    .activation(Activation.SOFTMAX)
                                    .build()
                            : new RnnOutputLayer.Builder(LossFunction.MCXENT)
                                    .nOut(Nets.CLASSES)
                                    .activation(Activation.SOFTMAX)
                                    .dataFormat(format())
                                    .build());
            return all;
        }

        private RNNFormat format() {
            return this == STEPS_FIRST ? RNNFormat.NWC : RNNFormat.NCW;
        }

        private InputType input() {
            return InputType.recurrent(INPUTS, STEPS, format());
        }

        private boolean truncated() {
            return this == SHORT_WAY_BACK || name().endsWith("TRUNCATED");
        }

        private int wayBack() {
            return this == SHORT_WAY_BACK ? 2 : 3;
        }

        MultiLayerConfiguration configuration(DataType type, double rate) {
            NeuralNetConfiguration.ListBuilder builder =
                    Nets.settings(type, new Adam(0.01)).list();
            all(rate).forEach(builder::layer);
            if (truncated()) {
                builder.backpropType(BackpropType.TruncatedBPTT)
                        .tBPTTForwardLength(3)
                        .tBPTTBackwardLength(wayBack());
            }
            return builder.setInputType(input()).build();
        }

        ComputationGraphConfiguration graph(DataType type, double rate) {
            ComputationGraphConfiguration.GraphBuilder builder =
                    Nets.settings(type, new Adam(0.01)).graphBuilder().addInputs("in");
            String below = "in";
            for (Layer layer : all(rate)) {
                String name = layer.getLayerName() == null ? "out" : layer.getLayerName();
                builder.addLayer(name, layer, below);
                below = name;
            }
            if (truncated()) {
                builder.backpropType(BackpropType.TruncatedBPTT)
                        .tBPTTForwardLength(3)
                        .tBPTTBackwardLength(wayBack());
            }
            return builder.setOutputs("out").setInputTypes(input()).build();
        }

        private List<DataSet> minibatches(DataType type) {
            return Stream.of(3, 7, 5).map(examples -> minibatch(examples, type)).toList();
        }

        private DataSet minibatch(int examples, DataType type) {
            INDArray features = Data.normal(examples, type, examples, INPUTS, STEPS);
            INDArray labels = Nd4j.create(type, examples, Nets.CLASSES, STEPS);
            for (int example = 0; example < examples; example++) {
                for (int step = 0; step < STEPS; step++) {
                    labels.putScalar(new int[] {example, (example + step) % Nets.CLASSES, step}, 1);
                }
            }
            if (this == STEPS_FIRST) {
                return new DataSet(
                        features.permute(0, 2, 1).dup('c'),
                        labels.permute(0, 2, 1).dup('c'));
            }
            INDArray mask = name().endsWith("MASKED") ? Data.mask(examples, type, examples, STEPS) : null;
            return lastStep()
                    ? new DataSet(features, Data.oneHot(examples, type, examples, Nets.CLASSES), mask, null)
                    : new DataSet(features, labels, mask, mask);
        }
    }

    private static void assertTrainsAlike(Form form, MultiLayerNetwork stock, MultiLayerNetwork ruled, DataType type) {
        INDArray before = stock.params().dup();
        for (DataSet batch : form.minibatches(type)) {
            Nd4j.getRandom().setSeed(batch.numExamples());
            stock.fit(batch);
            Nd4j.getRandom().setSeed(batch.numExamples());
            ruled.fit(batch);
        }
        for (int i = 1; i < ruled.getnLayers() - 1; i++) {
            for (Wrapped inside : Wrapped.in(ruled.getLayer(i))) {
                assertNotNull(AdaptedLayer.of((BaseLayer<?>) inside.layer()), "DL4J runs layer " + i);
            }
        }
        Nets.assertMoved(before, stock.params(), "the network");
        double tolerance = type == DataType.DOUBLE ? 1e-12 : 1e-4;
        Nets.assertClose(stock.params(), ruled.params(), tolerance, "parameters");
        assertEquals(stock.score(), ruled.score(), tolerance * 10, "the loss");
    }

    private static MultiLayerNetwork ruled(MultiLayerConfiguration configuration, String layers, String bias) {
        return Rules.during(
                Map.of("update", "full", "layers", layers, "bias", bias), () -> Nets.initialised(configuration));
    }

    /** As stock does where they have the rate 0. */
    @ParameterizedTest
    @EnumSource
    void frozenOnes(Form form) {
        for (DataType type : List.of(DataType.FLOAT, DataType.DOUBLE)) {
            assertTrainsAlike(
                    form,
                    Nets.initialised(form.configuration(type, 0)),
                    ruled(form.configuration(type, 0), "dense", "lora_only"),
                    type);
        }
    }

    /**
     * As stock does with the same rate: update=full trains W and RW by the gradients that the passes bring. Not where there
     * are peepholes, which stock trains and a rule does not.
     */
    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {
                "PEEPHOLES",
                "DROPOUT",
                "TRUNCATED",
                "SHORT_WAY_BACK",
                "BOTH_WAYS",
                "BOTH_WAYS_IN_ONE",
                "BOTH_WAYS_IN_ONE_MASKED"
            })
    void thoseThatTrain(Form form) {
        for (DataType type : List.of(DataType.FLOAT, DataType.DOUBLE)) {
            assertTrainsAlike(
                    form,
                    Nets.initialised(form.configuration(type, 0.05)),
                    ruled(form.configuration(type, 0.05), "dense,r[0-9]", "all"),
                    type);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"LSTM_TWICE", "DROPOUT", "BOTH_WAYS", "LAST_STEP_MASKED"})
    void inGraphs(Form form) {
        DataType type = DataType.DOUBLE;
        ComputationGraph stock = Nets.initialised(form.graph(type, 0));
        ComputationGraph ruled = Rules.during(
                Map.of("update", "full", "layers", "dense", "bias", "lora_only"),
                () -> Nets.initialised(form.graph(type, 0)));
        INDArray before = stock.params().dup();
        for (DataSet batch : form.minibatches(type)) {
            Nd4j.getRandom().setSeed(batch.numExamples());
            stock.fit(batch);
            Nd4j.getRandom().setSeed(batch.numExamples());
            ruled.fit(batch);
        }
        for (Wrapped inside : Wrapped.in(ruled.getLayer("r0"))) {
            assertNotNull(AdaptedLayer.of((BaseLayer<?>) inside.layer()), "DL4J runs r0");
        }
        Nets.assertMoved(before, stock.params(), "the network");
        Nets.assertClose(stock.params(), ruled.params(), 1e-12, "parameters");
    }

    /** What the passes cannot do as DL4J does it is left to DL4J. */
    @Test
    void weightNoise() {
        MultiLayerConfiguration configuration = Nets.settings(DataType.DOUBLE, new Sgd(0.1))
                .weightNoise(new DropConnect(0.7))
                .list()
                .layer(new LSTM.Builder().nIn(INPUTS).nOut(UNITS).build())
                .layer(new RnnOutputLayer.Builder(LossFunction.MSE)
                        .activation(Activation.IDENTITY)
                        .nIn(UNITS)
                        .nOut(Nets.CLASSES)
                        .build())
                .build();
        MultiLayerNetwork network = ruled(configuration, "0", "none");
        INDArray before = network.getParam("0_RW").dup();
        network.fit(Form.LSTM_TWICE.minibatch(3, DataType.DOUBLE));
        assertNull(AdaptedLayer.of((BaseLayer<?>) network.getLayer(0)));
        Nets.assertMoved(before, network.getParam("0_RW"), "RW");
    }
}
