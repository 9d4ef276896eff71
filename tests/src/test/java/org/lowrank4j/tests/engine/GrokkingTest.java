package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * The small result that the perpendicular gradient is published for (arXiv 2501.04697, section 5): addition modulo 113,
 * learned from 40 % of all pairs. Plain Adam fits these and knows nothing about the others; with the projection the same
 * network soon answers all of them.
 *
 * <p>226-200-200-113 without biases, one-hot pairs, the whole set in each step, Adam at 0.01 with 0.9 and 0.99, single
 * precision. About two minutes on one core.
 */
@Tag("slow")
class GrokkingTest {

    private static final int MODULUS = 113;
    private static final int WIDTH = 200;

    @LowRank(
            layers = "0..2",
            train = "none",
            rank = 1,
            gradient = "perpgrad",
            options = {"perpgrad.rescale=yes"})
    private static MultiLayerNetwork perpendicular() {
        return network();
    }

    @LowRank(layers = "0..2", train = "none", rank = 1, update = "full")
    private static MultiLayerNetwork plain() {
        return network();
    }

    private static MultiLayerNetwork network() {
        MultiLayerConfiguration configuration = Nets.settings(DataType.FLOAT, new Adam(0.01, 0.9, 0.99, 1e-8))
                .list()
                .layer(hidden(2 * MODULUS))
                .layer(hidden(WIDTH))
                .layer(new OutputLayer.Builder(LossFunction.MCXENT)
                        .activation(Activation.SOFTMAX)
                        .nIn(WIDTH)
                        .nOut(MODULUS)
                        .hasBias(false)
                        .build())
                .build();
        MultiLayerNetwork network = Nets.initialised(configuration);
        for (String weight : network.paramTable().keySet()) {
            uniform(network.getParam(weight), weight.hashCode());
        }
        return network;
    }

    private static DenseLayer hidden(int inputs) {
        return new DenseLayer.Builder()
                .nIn(inputs)
                .nOut(WIDTH)
                .activation(Activation.RELU)
                .hasBias(false)
                .build();
    }

    /** Between -1 / sqrt(nIn) and 1 / sqrt(nIn). */
    private static void uniform(INDArray weight, long seed) {
        Random random = new Random(seed);
        double bound = 1 / Math.sqrt(weight.size(0));
        float[] values = new float[(int) weight.length()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (bound * (2 * random.nextDouble() - 1));
        }
        weight.assign(Nd4j.createFromArray(values).reshape('c', weight.shape()));
    }

    private static DataSet sums(List<Integer> pairs) {
        float[][] x = new float[pairs.size()][2 * MODULUS];
        float[][] y = new float[pairs.size()][MODULUS];
        for (int i = 0; i < x.length; i++) {
            int first = pairs.get(i) / MODULUS;
            int second = pairs.get(i) % MODULUS;
            x[i][first] = 1;
            x[i][MODULUS + second] = 1;
            y[i][(first + second) % MODULUS] = 1;
        }
        return new DataSet(Nd4j.createFromArray(x), Nd4j.createFromArray(y));
    }

    private static double accuracy(MultiLayerNetwork network, DataSet data) {
        INDArray right =
                network.output(data.getFeatures()).argMax(1).eq(data.getLabels().argMax(1));
        return right.castTo(DataType.DOUBLE).meanNumber().doubleValue();
    }

    private static void train(MultiLayerNetwork network, DataSet data, int steps) {
        for (int i = 0; i < steps; i++) {
            network.fit(data);
        }
    }

    @Test
    void perpendicularGradientsGrokWherePlainOnesDoNot() {
        List<Integer> pairs = new ArrayList<>();
        for (int i = 0; i < MODULUS * MODULUS; i++) {
            pairs.add(i);
        }
        Collections.shuffle(pairs, new Random(1));
        int seen = (int) (0.4 * pairs.size());
        DataSet training = sums(pairs.subList(0, seen));
        DataSet others = sums(pairs.subList(seen, pairs.size()));

        MultiLayerNetwork perpendicular = perpendicular();
        for (int epoch = 50; epoch <= 150; epoch += 50) {
            train(perpendicular, training, 50);
            say("perpgrad", epoch, perpendicular, training, others);
        }
        assertTrue(accuracy(perpendicular, others) > 0.99);

        MultiLayerNetwork plain = plain();
        for (int epoch = 100; epoch <= 300; epoch += 100) {
            train(plain, training, 100);
            say("exact", epoch, plain, training, others);
        }
        assertEquals(1, accuracy(plain, training), 1e-3);
        assertTrue(accuracy(plain, others) < 0.05);
    }

    private static void say(String gradient, int epoch, MultiLayerNetwork network, DataSet training, DataSet others) {
        System.out.printf(
                Locale.ROOT,
                "gradient=%-8s epoch %3d: %.3f of the pairs seen, %.3f of the others%n",
                gradient,
                epoch,
                accuracy(network, training),
                accuracy(network, others));
    }
}
