package org.lowrank4j.adapter;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.lowrank4j.rule.Scaling;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/** Networks and adapters that the tests of this package share: 12 inputs, dense layers "one" (10) and "two" (8), "out" (3). */
final class SmallNetworks {

    private SmallNetworks() {}

    static MultiLayerNetwork sequential(long seed) {
        return sequential(seed, DataType.FLOAT);
    }

    static MultiLayerNetwork sequential(long seed, DataType type) {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .seed(seed)
                .dataType(type)
                .updater(new Sgd(0.1))
                .activation(Activation.TANH)
                .list()
                .layer(new DenseLayer.Builder().name("one").nIn(12).nOut(10).build())
                .layer(new DenseLayer.Builder().name("two").nIn(10).nOut(8).build())
                .layer(output())
                .build());
        network.init();
        return network;
    }

    static ComputationGraph graph(long seed) {
        ComputationGraphConfiguration configuration = new NeuralNetConfiguration.Builder()
                .seed(seed)
                .updater(new Sgd(0.1))
                .activation(Activation.TANH)
                .graphBuilder()
                .addInputs("in")
                .addLayer("one", new DenseLayer.Builder().nIn(12).nOut(10).build(), "in")
                .addLayer("two", new DenseLayer.Builder().nIn(10).nOut(8).build(), "one")
                .addLayer("out", output(), "two")
                .setOutputs("out")
                .build();
        ComputationGraph graph = new ComputationGraph(configuration);
        graph.init();
        return graph;
    }

    private static OutputLayer output() {
        return new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                .name("out")
                .activation(Activation.SOFTMAX)
                .nIn(8)
                .nOut(3)
                .build();
    }

    static INDArray random(long seed, long... shape) {
        Random random = new Random(seed);
        INDArray array = Nd4j.create(DataType.FLOAT, shape);
        for (long i = 0; i < array.length(); i++) {
            array.putScalar(i, (float) (0.3 * random.nextGaussian()));
        }
        return array;
    }

    static LayerAdapter layer(long seed, long inputs, long outputs, int rank) {
        return new LayerAdapter(
                random(seed, inputs, rank), random(seed + 1, rank, outputs), 2.0 * rank, Scaling.STANDARD, null);
    }

    /** Of both dense layers, on the given base. */
    static Adapter adapter(long seed, Model base) {
        Map<String, LayerAdapter> layers = new LinkedHashMap<>();
        layers.put("one", layer(seed, 12, 10, 3));
        layers.put("two", layer(seed + 10, 10, 8, 2));
        return new Adapter(layers, Map.of(), BaseFingerprint.of(base, layers.keySet()), Map.of("made", "for a test"));
    }

    /** The same with an output layer of its own. */
    static Adapter withOutput(long seed, Model base) {
        return adapter(seed, base)
                .withParameters(Map.of("out", Map.of("W", random(seed + 20, 8, 3), "b", random(seed + 21, 3))));
    }
}
