package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.transferlearning.FineTuneConfiguration;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.junit.jupiter.api.Test;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;

/** What messages advise is followed here, as a user would: it works, and does no harm. */
class AdviceTest {

    private static final DataSet BATCH = Data.classes(3, DataType.FLOAT, 16, Nets.INPUTS, Nets.CLASSES);

    @LowRank(rank = 2, train = "type:BatchNormalization")
    private static MultiLayerNetwork normalisationTrained() {
        return newHead();
    }

    @LowRank(rank = 2, train = "only:type:BatchNormalization")
    private static MultiLayerNetwork onlyNormalisationTrained() {
        return newHead();
    }

    /** A network with batch normalisation and a new output layer on it. */
    private static MultiLayerNetwork newHead() {
        MultiLayerNetwork base = Nets.initialised(Nets.settings(DataType.FLOAT, new Adam(0.01))
                .list()
                .layer(Nets.dense(Nets.INPUTS, Nets.HIDDEN))
                .layer(new BatchNormalization.Builder().nOut(Nets.HIDDEN).build())
                .layer(Nets.head(Nets.HIDDEN))
                .build());
        return new TransferLearning.Builder(base)
                .fineTuneConfiguration(new FineTuneConfiguration.Builder()
                        .updater(new Adam(0.01))
                        .seed(2)
                        .build())
                .removeOutputLayer()
                .addLayer(Nets.head(Nets.HIDDEN))
                .build();
    }

    @Test
    void trainingTheNormalisationLeavesTheNewOutputLayerInTraining() {
        MultiLayerNetwork network = normalisationTrained();
        INDArray head = network.getParam("2_W").dup();
        INDArray gain = network.getParam("1_gamma").dup();
        List<String> said = CapturedErrors.of(() -> network.fit(BATCH));
        Nets.assertMoved(head, network.getParam("2_W"), "the new output layer");
        Nets.assertMoved(gain, network.getParam("1_gamma"), "the normalisation");
        assertEquals(0, CapturedErrors.containing(said, "no output layer").size(), said::toString);
    }

    @Test
    void anOutputLayerThatStaysAsItWasDrawnIsSaid() {
        MultiLayerNetwork network = onlyNormalisationTrained();
        INDArray head = network.getParam("2_W").dup();
        List<String> said = CapturedErrors.of(() -> network.fit(BATCH));
        Nets.assertSame(head, network.getParam("2_W"), "the output layer that the rule leaves out");
        assertEquals(1, CapturedErrors.containing(said, "no output layer").size(), said::toString);
    }
}
