package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.modelimport.keras.KerasModelImport;
import org.deeplearning4j.nn.transferlearning.FineTuneConfiguration;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lowrank4j.annotation.LowRank;
import org.lowrank4j.tests.ForkedJvm;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.util.FeatureUtil;

/**
 * A MobileNetV2 from Keras, imported, adapted, saved, and opened by stock DL4J. The property {@code keras.mobilenet} names its HDF5
 * file: channels last, without a head, the features' vertex called {@code features}.
 */
@Tag("slow")
class KerasMobileNetTest {

    private static final int PICTURES = 4;
    private static final int CLASSES = 3;
    private static final int FEATURES = 1280;

    @TempDir
    private Path directory;

    @Test
    void anImportedNetworkIsAdaptedAndOpensInStock() throws Exception {
        File file = new File(System.getProperty("keras.mobilenet", ""));
        assumeTrue(file.isFile(), "-Dkeras.mobilenet=FILE names no file, so there is nothing to import");
        ComputationGraph base = KerasModelImport.importKerasModelAndWeights(file.getPath(), false);
        Map<String, INDArray> before = base.paramTable();
        INDArray pictures = pictures();
        DataSet lesson = new DataSet(pictures, FeatureUtil.toOutcomeMatrix(new int[] {0, 1, 2, 0}, CLASSES));

        ComputationGraph adapted = adapted(base);
        adapted.fit(lesson);
        double first = adapted.score();
        for (int step = 0; step < 5; step++) {
            adapted.fit(lesson);
        }
        assertTrue(adapted.score() < 0.8 * first, () -> adapted.score() + " after " + first);

        long moved = 0;
        for (Map.Entry<String, INDArray> parameter : before.entrySet()) {
            String name = parameter.getKey();
            boolean same = parameter.getValue().equalsWithEps(adapted.getParam(name), 0);
            boolean target = name.endsWith("_W") && parameter.getValue().rank() == 4 && !name.contains("depthwise");
            // Normalisation and depthwise filters are bit for bit those of the file.
            assertEquals(!target, same, name);
            moved += target ? 1 : 0;
        }
        assertEquals(35, moved);

        Path model = directory.resolve("adapted.zip");
        adapted.save(model.toFile(), true);
        Path answers = directory.resolve("answers.bin");
        ForkedJvm.of(KerasMobileNetTest.class)
                .withArguments(model.toString(), answers.toString())
                .run()
                .succeeded();
        INDArray expected = adapted.outputSingle(pictures);
        assertNotEquals(0, expected.sumNumber().doubleValue());
        assertTrue(expected.equalsWithEps(Nd4j.readBinary(answers.toFile()), 1e-6));
    }

    /** In a JVM without the agent: what a saved network answers. */
    public static void main(String[] args) throws IOException {
        INDArray answers = ComputationGraph.load(new File(args[0]), false).outputSingle(pictures());
        Nd4j.saveBinary(answers, new File(args[1]));
    }

    @LowRank(rank = 4, layers = "type:ConvolutionLayer")
    private static ComputationGraph adapted(ComputationGraph base) {
        return new TransferLearning.GraphBuilder(base)
                .fineTuneConfiguration(new FineTuneConfiguration.Builder()
                        .updater(new Adam(1e-3))
                        .seed(1)
                        .build())
                .addLayer(
                        "out",
                        new OutputLayer.Builder()
                                .nIn(FEATURES)
                                .nOut(CLASSES)
                                .activation(Activation.SOFTMAX)
                                .build(),
                        "features")
                .setOutputs("out")
                .build();
    }

    /** Red, green and blue from 0 to 1, channels last. */
    private static INDArray pictures() {
        Nd4j.getRandom().setSeed(1);
        return Nd4j.rand(PICTURES, 96, 96, 3);
    }
}
