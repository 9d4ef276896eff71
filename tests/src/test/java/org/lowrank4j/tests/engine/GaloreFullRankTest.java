package org.lowrank4j.tests.engine;

import java.util.function.UnaryOperator;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Sgd;

/**
 * GaLore at full rank with scale 1 and Sgd is stock training: with an orthogonal projector P of full rank, P P^T G = G.
 * Equal up to rounding only, since G is multiplied by P twice.
 */
class GaloreFullRankTest {

    private static final double TOLERANCE = 1e-11;
    private static final double RATE = 0.3;

    @LowRank(
            gradient = "galore",
            rank = 6,
            bias = "all",
            options = {"galore.scale=1", "galore.refresh=3"})
    @LowRank.Layer(layers = "1", rank = 7)
    private static MultiLayerNetwork galore(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(gradient = "galore", layers = "1", rank = 7, train = "none", options = "galore.scale=1")
    private static MultiLayerNetwork onlySecondWeight(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    private static NeuralNetConfiguration.Builder settings() {
        return Nets.settings(DataType.DOUBLE, new Sgd(RATE));
    }

    private static void equalsStock(UnaryOperator<NeuralNetConfiguration.Builder> with) {
        MultiLayerNetwork adapted = galore(Nets.layers(with.apply(settings())));
        MultiLayerNetwork stock = Nets.initialised(Nets.layers(with.apply(settings())));
        INDArray before = stock.params().dup();
        for (int i = 0; i < 10; i++) {
            DataSet data = Data.classes(i, DataType.DOUBLE, 9, Nets.INPUTS, Nets.CLASSES);
            adapted.fit(data);
            stock.fit(data);
        }
        Nets.assertMoved(before, stock.params(), "the stock network");
        Nets.assertClose(stock.params(), adapted.params(), TOLERANCE, "the network trained by GaLore");
    }

    @Test
    void equalsStockTraining() {
        equalsStock(settings -> settings);
    }

    @Test
    void equalsStockTrainingWithL2() {
        equalsStock(settings -> settings.l2(0.05));
    }

    @Test
    void equalsStockTrainingWithL1() {
        equalsStock(settings -> settings.l1(0.01));
    }

    /** As in the published code, decay acts on the weight that the step has already moved. */
    @Test
    void decaysTheWeightAfterItsStep() {
        double decay = 0.05;
        MultiLayerNetwork adapted = galore(Nets.layers(settings().weightDecay(decay)));
        MultiLayerNetwork stock = Nets.initialised(Nets.layers(settings()));
        DataSet data = Data.classes(1, DataType.DOUBLE, 9, Nets.INPUTS, Nets.CLASSES);
        for (int i = 0; i < 5; i++) {
            stock.params().assign(adapted.params());
            adapted.fit(data);
            stock.fit(data);
            // DL4J 1.0.0-M2.1 puts a network-wide decay into each layer's settings twice.
            double factor = Math.pow(1 - RATE * decay, 2);
            for (String name : new String[] {"0_W", "1_W"}) {
                Nets.assertClose(stock.getParam(name).mul(factor), adapted.getParam(name), TOLERANCE, name);
            }
        }
    }

    @Test
    void theRestDoesNotMove() {
        MultiLayerNetwork adapted = onlySecondWeight(Nets.layers(settings()));
        MultiLayerNetwork untouched = Nets.initialised(Nets.layers(settings()));
        for (int i = 0; i < 5; i++) {
            adapted.fit(Data.classes(i, DataType.DOUBLE, 9, Nets.INPUTS, Nets.CLASSES));
        }
        untouched.paramTable().forEach((name, value) -> {
            if (name.equals("1_W")) {
                Nets.assertMoved(value, adapted.getParam(name), name);
            } else {
                Nets.assertSame(value, adapted.getParam(name), name);
            }
        });
    }
}
