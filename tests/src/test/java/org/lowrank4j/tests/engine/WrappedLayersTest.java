package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.graph.AttentionVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Sgd;

/** Layers inside others: frozen with a backward pass, the last step of a series, both directions, attention. */
class WrappedLayersTest {

    private static final DataSet BATCH = Data.classes(3, DataType.DOUBLE, 6, Nets.INPUTS, Nets.CLASSES);

    /** Frozen, or trained at rate 0, which gives the same steps. */
    private static Layer still(FeedForwardLayer layer, boolean frozen) {
        if (frozen) {
            return new FrozenLayerWithBackprop(layer);
        }
        layer.setIUpdater(new Sgd(0));
        layer.setBiasUpdater(new Sgd(0));
        return layer;
    }

    private static ComputationGraph graph(boolean frozen) {
        return Nets.initialised(Nets.settings(DataType.DOUBLE, new Sgd(0.1))
                .graphBuilder()
                .addInputs("in")
                .addLayer("first", Nets.dense(Nets.INPUTS, Nets.HIDDEN), "in")
                .addLayer("out", still(Nets.head(Nets.HIDDEN), frozen), "first")
                .setOutputs("out")
                .build());
    }

    private static MultiLayerNetwork layers(boolean frozen) {
        return Nets.initialised(Nets.settings(DataType.DOUBLE, new Sgd(0.1))
                .list()
                .layer(Nets.dense(Nets.INPUTS, Nets.HIDDEN))
                .layer(still(Nets.head(Nets.HIDDEN), frozen))
                .build());
    }

    @Test
    void aFrozenOutputLayerPassesGradientsOn() {
        JvmRules.with(Map.of("rank", "2", "layers", "0", "seed", "4"), () -> {
            ComputationGraph frozen = graph(true);
            ComputationGraph still = graph(false);
            MultiLayerNetwork frozenLayers = layers(true);
            MultiLayerNetwork stillLayers = layers(false);
            INDArray before = frozen.params().dup();
            List<String> said = CapturedErrors.of(() -> {
                for (int i = 0; i < 4; i++) {
                    frozen.fit(BATCH);
                    still.fit(BATCH);
                    frozenLayers.fit(BATCH);
                    stillLayers.fit(BATCH);
                }
            });
            assertEquals(0, CapturedErrors.containing(said, "trains as stock").size(), said::toString);
            Nets.assertMoved(before, frozen.params(), "the graph");
            Nets.assertClose(still.params(), frozen.params(), 1e-12, "the graph");
            Nets.assertClose(stillLayers.params(), frozenLayers.params(), 1e-12, "the network");
            assertEquals(still.score(), frozen.score(), 1e-12);
        });
    }

    @Test
    void aLayerIsOfTheTypeOfItsWrapperAndOfWhatIsInside() {
        for (String type : List.of("LastTimeStep", "Bidirectional", "LSTM")) {
            JvmRules.with(Map.of("rank", "2", "train", "only:type:" + type), () -> {
                MultiLayerNetwork network = Nets.initialised(Nets.settings(DataType.FLOAT, new Sgd(0.1))
                        .list()
                        .layer(new LastTimeStep(
                                new Bidirectional(new LSTM.Builder().nOut(4).build())))
                        .layer(new DenseLayer.Builder().nOut(4).build())
                        .layer(Nets.head(4))
                        .setInputType(InputType.recurrent(Nets.INPUTS))
                        .build());
                INDArray before = network.getLayer(0).params().dup();
                DataSet series = new DataSet(
                        Data.normal(1, DataType.FLOAT, 4, Nets.INPUTS, 5),
                        Data.oneHot(2, DataType.FLOAT, 4, Nets.CLASSES));
                List<String> said = CapturedErrors.of(() -> network.fit(series));
                Nets.assertMoved(before, network.getLayer(0).params(), "the recurrent layer");
                assertTrue(CapturedErrors.containing(said, "LastTimeStep").size() > 0, said::toString);
            });
        }
    }

    @Test
    void attentionIsCalledByItsName() {
        JvmRules.with(Map.of("rank", "2", "layers", "dense", "train", "type:AttentionVertex"), () -> {
            ComputationGraph graph = Nets.initialised(Nets.settings(DataType.FLOAT, new Sgd(0.1))
                    .graphBuilder()
                    .addInputs("in")
                    .addVertex(
                            "attention",
                            new AttentionVertex.Builder()
                                    .nHeads(1)
                                    .nInQueries(Nets.INPUTS)
                                    .nInKeys(Nets.INPUTS)
                                    .nInValues(Nets.INPUTS)
                                    .nOut(4)
                                    .projectInput(true)
                                    .build(),
                            "in",
                            "in",
                            "in")
                    .addLayer("pool", new GlobalPoolingLayer(), "attention")
                    .addLayer(
                            "dense",
                            new DenseLayer.Builder()
                                    .nIn(4)
                                    .nOut(4)
                                    .activation(Activation.TANH)
                                    .build(),
                            "pool")
                    .addLayer("out", Nets.head(4), "dense")
                    .setOutputs("out")
                    .setInputTypes(InputType.recurrent(Nets.INPUTS, 5))
                    .build());
            DataSet series = new DataSet(
                    Data.normal(1, DataType.FLOAT, 4, Nets.INPUTS, 5), Data.oneHot(2, DataType.FLOAT, 4, Nets.CLASSES));
            List<String> said = CapturedErrors.of(() -> graph.fit(series));
            assertTrue(CapturedErrors.containing(said, "AttentionVertex").size() > 0, said::toString);
            assertTrue(
                    CapturedErrors.containing(said, "and 1 layer without parameters")
                                    .size()
                            > 0,
                    said::toString);
        });
    }
}
