package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;

/** One small run of each method: it learns, it leaves the frozen rest alone and W has no place in the gradient vector. */
class MethodsTrainTest {

    private static final int STEPS = 120;

    /** Entries of the head's W and b, which train in full. */
    private static final int HEAD = 7 * 3 + 3;

    @LowRank(rank = 2)
    private static MultiLayerNetwork lora(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 2, init = "lora-ga")
    private static MultiLayerNetwork loraGa(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(
            rank = 2,
            gradient = "galore",
            options = {"galore.refresh=20", "galore.scale=1"})
    private static MultiLayerNetwork galore(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(
            rank = 2,
            update = "switchlora",
            options = {"switchlora.interval=20", "switchlora.total-steps=120"})
    private static MultiLayerNetwork switchLora(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    private static MultiLayerConfiguration configuration() {
        return Nets.layers(Nets.settings(DataType.FLOAT, new Adam(0.02)));
    }

    /** Classes by the largest of three linear functions. */
    private static DataSet data() {
        DataSet linear = Data.linear(1, DataType.FLOAT, 48, Nets.INPUTS, Nets.CLASSES);
        INDArray largest = linear.getLabels().argMax(1);
        INDArray labels = org.nd4j.linalg.factory.Nd4j.zeros(DataType.FLOAT, 48, Nets.CLASSES);
        for (int i = 0; i < 48; i++) {
            labels.putScalar(i, largest.getInt(i), 1);
        }
        return new DataSet(linear.getFeatures(), labels);
    }

    private static void learns(MultiLayerNetwork network, long gradientEntries) {
        DataSet data = data();
        INDArray bias = network.getParam("0_b").dup();
        INDArray weight = network.getParam("0_W").dup();
        double before = network.score(data, false);
        for (int i = 0; i < STEPS; i++) {
            network.fit(data);
        }
        double after = network.score(data, false);
        assertTrue(after < before / 4, "the loss fell from " + before + " to " + after + " only");
        assertEquals(gradientEntries, Nets.gradientEntries(network), "entries of the gradient vector");
        Nets.assertSame(bias, network.getParam("0_b"), "a frozen bias");
        Nets.assertMoved(weight, network.getParam("0_W"), "an adapted weight");
    }

    /** A and B of rank 2 for weights of 6 x 8 and 8 x 7. */
    private static final int FACTORS = 2 * (6 + 8) + 2 * (8 + 7);

    @Test
    void loraTrains() {
        learns(lora(configuration()), FACTORS + HEAD);
    }

    @Test
    void loraGaTrains() {
        learns(loraGa(configuration()), FACTORS + HEAD);
    }

    @Test
    void switchLoraTrains() {
        learns(switchLora(configuration()), FACTORS + HEAD);
    }

    /** The projected gradients: the shorter side of each weight becomes 2. */
    @Test
    void galoreTrains() {
        learns(galore(configuration()), 2 * 8 + 2 * 8 + HEAD);
    }

    @Test
    void anAdaptedWeightMovesWithinItsRank() {
        MultiLayerNetwork network = lora(configuration());
        INDArray before = network.getParam("1_W").dup();
        for (int i = 0; i < 20; i++) {
            network.fit(data());
        }
        INDArray moved = network.getParam("1_W").sub(before).castTo(DataType.DOUBLE);
        INDArray gram = moved.transpose().mmul(moved);
        INDArray values = org.nd4j.linalg.eigen.Eigen.symmetricGeneralizedEigenvalues(gram);
        double largest = values.maxNumber().doubleValue();
        long above = 0;
        for (long i = 0; i < values.length(); i++) {
            above += values.getDouble(i) > 1e-9 * largest ? 1 : 0;
        }
        assertEquals(2, above, values::toString);
    }
}
