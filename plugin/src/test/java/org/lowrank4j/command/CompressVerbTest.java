package org.lowrank4j.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.command.CommandLines.Ran;
import org.lowrank4j.file.Safetensors;
import org.lowrank4j.file.Tensors;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerStandardize;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.shade.jackson.databind.JsonNode;

class CompressVerbTest {

    @TempDir
    Path folder;

    private Path model;
    private Path small;

    @BeforeEach
    void writeModel() throws IOException {
        model = folder.resolve("model.zip");
        small = folder.resolve("small.zip");
        MultiLayerNetwork network = network();
        network.fit(examples());
        network.save(model.toFile(), true);
        NormalizerStandardize normalizer = new NormalizerStandardize();
        normalizer.fit(examples());
        ModelSerializer.addNormalizerToModel(model.toFile(), normalizer);
    }

    private static MultiLayerNetwork network() {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .seed(3)
                .updater(new Adam(0.01))
                .activation(Activation.TANH)
                .list()
                .layer(new DenseLayer.Builder().name("wide").nIn(20).nOut(40).build())
                .layer(new DenseLayer.Builder().name("next").nIn(40).nOut(30).build())
                .layer(new BatchNormalization.Builder()
                        .name("norm")
                        .nIn(30)
                        .nOut(30)
                        .build())
                .layer(new OutputLayer.Builder()
                        .name("out")
                        .nIn(30)
                        .nOut(3)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
        network.init();
        return network;
    }

    /** Classes that the first inputs tell. */
    private static DataSet examples() {
        Nd4j.getRandom().setSeed(1);
        INDArray inputs = Nd4j.randn(DataType.FLOAT, 90, 20);
        INDArray labels = Nd4j.zeros(DataType.FLOAT, 90, 3);
        for (int i = 0; i < 90; i++) {
            inputs.putScalar(i, i % 3, 3);
            labels.putScalar(i, i % 3, 1);
        }
        return new DataSet(inputs, labels);
    }

    /** What {@code --data} names. */
    public static final class Examples implements Supplier<DataSetIterator> {
        @Override
        public DataSetIterator get() {
            return new ListDataSetIterator<>(examples().asList(), 10);
        }
    }

    /** No data. */
    public static final class NoData implements Supplier<String> {
        @Override
        public String get() {
            return "text";
        }
    }

    /** Fails. */
    public static final class Broken {
        public Broken() {
            throw new IllegalStateException("no disk");
        }
    }

    /** Of other inputs than the model. */
    public static final class OfOtherInputs implements Supplier<DataSetIterator> {
        @Override
        public DataSetIterator get() {
            DataSet wide = new DataSet(
                    Nd4j.rand(DataType.FLOAT, 8, 19), examples().getLabels().getRows(0, 1, 2, 3, 4, 5, 6, 7));
            return new ListDataSetIterator<>(List.of(wide), 1);
        }
    }

    /** Of other labels than the model. */
    public static final class OfOtherLabels implements Supplier<DataSetIterator> {
        @Override
        public DataSetIterator get() {
            return new ListDataSetIterator<>(List.of(new DataSet(examples().getFeatures(), Nd4j.ones(90, 7))), 1);
        }
    }

    /** Cannot be made. */
    public static final class WithArgument {
        public WithArgument(String argument) {
            assertEquals("", argument);
        }
    }

    private Path file(boolean labels) throws IOException {
        DataSet examples = examples();
        Path file = folder.resolve("data.safetensors");
        Map<String, INDArray> tensors = labels
                ? Map.of("inputs", examples.getFeatures(), "labels", examples.getLabels())
                : Map.of("inputs", examples.getFeatures());
        try (OutputStream out = Files.newOutputStream(file)) {
            Safetensors.write(new Tensors(tensors, Map.of()), out);
        }
        return file;
    }

    @Test
    void writesAStockModelWithATableAndTheTimesOfBoth() throws IOException {
        Ran ran = CommandLines.run(
                "compress", model, "--method", "afm", "--keep", "0.5", "--data", Examples.class.getName(), "-o", small);

        assertEquals(0, ran.status(), ran::toString);
        assertTrue(ran.out().contains("of 2,283 parameters"), ran.out());
        assertTrue(ran.out().matches("(?s).*norm +BatchNormalization.* stays: cannot be.*"), ran.out());
        assertTrue(ran.out().contains("inference of 10 examples here: "), ran.out());
        assertTrue(ran.out().contains("accuracy on 90 examples"), ran.out());
        MultiLayerNetwork read = ModelSerializer.restoreMultiLayerNetwork(small.toFile());
        assertTrue(read.numParams() <= 2283 / 2, () -> read.numParams() + " parameters");
        assertTrue(read.getLayer("wide-lowrank") != null);
        assertFalse(read.getLayerWiseConfigurations().toJson().contains("lowrank4j"));
        assertEquals(1, read.getIterationCount());
        assertTrue(ModelSerializer.restoreNormalizerFromFile(small.toFile()) != null, "the normaliser comes along");
        double before = read.score(examples());
        for (int i = 0; i < 30; i++) {
            read.fit(examples());
        }
        assertTrue(read.score(examples()) < before, "it trains on");
    }

    @Test
    void tellsMachinesTheSame() {
        Ran ran = CommandLines.run("compress", model, "--rank", 4, "--json", "-o", small);

        assertEquals(0, ran.status(), ran::toString);
        JsonNode json = ran.json();
        assertEquals("svd", json.get("method").asText());
        JsonNode wide = json.get("layers").get(0);
        assertEquals(4, wide.get("rank").asInt());
        assertEquals(20 * 40 + 40, wide.get("parametersBefore").asInt());
        assertEquals(4 * (20 + 40) + 40, wide.get("parametersAfter").asInt());
        assertEquals(20 * 40, wide.get("productsBefore").asInt());
        assertEquals(4 * (20 + 40), wide.get("productsAfter").asInt());
        assertTrue(wide.get("weightError").asDouble() > 0.1);
        assertTrue(json.get("secondsAfter").asDouble() > 0, "rows need no data to be known");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    --method svd          | --energy 0.5
                    --method svd-spatial  | --rank 0.5
                    --method greenformers | --rank 0.25
                    --method pela         | --option pela.c=2
                    --method lord         | --rank 3
                    --method svd          | --accuracy-drop 0.2""")
    void everyMethodAndCriterionMakesItSmaller(String method, String criterion) throws IOException {
        String arguments = method + " " + criterion + " --data " + file(true);
        Ran ran = CommandLines.run(
                Stream.concat(Stream.of("compress", model, "-o", small), Arrays.stream(arguments.split(" ")))
                        .toArray());

        assertEquals(0, ran.status(), ran::toString);
        assertTrue(ModelSerializer.restoreMultiLayerNetwork(small.toFile()).numParams() < 2283);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
                    --method afn --rank 3                | 2 | Did you mean 'afm'?
                    --method afm --rank 3                | 1 | learns from data, and none were given
                    --method fwsvd --rank 3 --data FILE  | 1 | have no labels
                    --method svd                         | 1 | Ask for less with --rank
                    --rank 3 --keep 0.5                  | 2 | Give one of --rank
                    --rank 1.5                           | 2 | a whole number of 1 or more, or a share
                    --keep 1                             | 2 | below 1
                    --accuracy-drop 0.1                  | 2 | needs --data
                    --rank 3 --option c                  | 2 | is no METHOD.OPTION=VALUE
                    --rank 3 --option pela.c=2           | 2 | unknown option 'pela.c' of the factorisation svd
                    --rank 3 --data com.example.Digits   | 2 | is no file, and no class of that name
                    --rank 3 --data OWN$NoData           | 1 | supplies a java.lang.String
                    --rank 3 --data OWN$Broken           | 1 | could not be made: java.lang.IllegalStateException: no disk
                    --rank 3 --data OWN$WithArgument     | 1 | no public constructor without arguments
                    --rank 3 --data MODEL                | 1 | cannot be used
                    --rank 3 --data OWN$OfOtherInputs    | 1 | does not take inputs of the shape [8, 19]
                    --rank 3 --data OWN$OfOtherLabels    | 1 | labels have the shape [90, 7]
                    --method pela --option pela.c=0      | 2 | pela.c=0 is refused""")
    void whatIsWrongIsSaidAndNothingIsWritten(String arguments, int status, String said) throws IOException {
        String filled = arguments
                .replace("FILE", file(false).toString())
                .replace("MODEL", model.toString())
                .replace("OWN", CompressVerbTest.class.getName());
        Ran ran = CommandLines.run(
                Stream.concat(Stream.of("compress", model, "-o", small), Arrays.stream(filled.split(" ")))
                        .toArray());

        assertEquals(status, ran.status(), ran::toString);
        assertTrue(ran.err().contains(said), ran.err());
        assertFalse(Files.exists(small));
    }
}
