package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Sgd;

/** The engine of convolutions that is asked for, in a program without oneDNN. */
class ConvolutionEngineTest {

    private static final DataSet PICTURES =
            new DataSet(Data.normal(1, DataType.FLOAT, 4, 2, 6, 5), Data.oneHot(2, DataType.FLOAT, 4, Nets.CLASSES));

    private static MultiLayerNetwork network() {
        return Nets.initialised(Nets.settings(DataType.FLOAT, new Sgd(0.1))
                .list()
                .layer(new ConvolutionLayer.Builder(2, 2)
                        .nOut(3)
                        .activation(Activation.TANH)
                        .build())
                .layer(Nets.head(5 * 4 * 3))
                .setInputType(InputType.convolutional(6, 5, 2))
                .build());
    }

    private static Map<String, String> rule(String engine, String mode) {
        return Map.of(
                "rank", "2", "layers", "type:ConvolutionLayer", "train", "none", "convolution", engine, "mode", mode);
    }

    @Test
    void oneThatCannotBeHadStopsBeforeTheFirstStep() {
        JvmRules.with(rule("onednn", "train"), () -> {
            MultiLayerNetwork network = network();
            INDArray before = network.params().dup();
            for (int again = 0; again < 2; again++) {
                LowRankException refused = assertThrows(LowRankException.class, () -> network.fit(PICTURES));
                String message = refused.getMessage();
                assertTrue(message.contains("convolution=onednn (agent argument convolution)"), message);
                assertTrue(message.contains("oneDNN is not on the class path"), message);
                assertTrue(message.contains("org.bytedeco:dnnl:2.5.2-1.5.7"), message);
                Nets.assertSame(before, network.params(), "the network");
            }
        });
    }

    @Test
    void reportsStopNothing() {
        MultiLayerNetwork stock = network();
        stock.fit(PICTURES);
        JvmRules.with(rule("onednn", "report"), () -> {
            MultiLayerNetwork network = network();
            List<String> said = CapturedErrors.of(() -> network.fit(PICTURES));
            assertEquals(
                    1,
                    CapturedErrors.containing(said, "without it, training would stop")
                            .size(),
                    said::toString);
            Nets.assertSame(stock.params(), network.params(), "the network");
        });
    }

    @Test
    void reportsNameTheOneThatRuns() {
        JvmRules.with(rule("portable", "train"), () -> {
            MultiLayerNetwork network = network();
            INDArray before = network.params().dup();
            List<String> said = CapturedErrors.of(() -> network.fit(PICTURES));
            assertEquals(
                    1,
                    CapturedErrors.containing(said, "convolutions by lowrank4j's own engine")
                            .size(),
                    said::toString);
            Nets.assertMoved(before, network.params(), "the network");
        });
    }

    @Test
    void oneThatNobodyKnowsIsRefused() {
        JvmRules.with(rule("onednm", "train"), () -> {
            String message = assertThrows(
                            LowRankException.class, () -> network().fit(PICTURES))
                    .getMessage();
            assertTrue(message.contains("convolution 'onednm' (agent argument convolution) is refused"), message);
            assertTrue(message.contains("onednn"), message);
        });
    }

    /** It means nothing to a network without convolutions of its own. */
    @Test
    void denseNetworksDoNotAskForIt() {
        JvmRules.with(Map.of("rank", "2", "convolution", "onednn"), () -> {
            MultiLayerNetwork network = Nets.initialised(Nets.layers(Nets.settings(DataType.FLOAT, new Sgd(0.1))));
            INDArray before = network.params().dup();
            List<String> said =
                    CapturedErrors.of(() -> network.fit(Data.classes(3, DataType.FLOAT, 6, Nets.INPUTS, Nets.CLASSES)));
            assertTrue(CapturedErrors.containing(said, "convolutions by").isEmpty(), said::toString);
            Nets.assertMoved(before, network.params(), "the network");
        });
    }
}
