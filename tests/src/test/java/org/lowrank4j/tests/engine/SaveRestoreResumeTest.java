package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.deeplearning4j.earlystopping.EarlyStoppingConfiguration;
import org.deeplearning4j.earlystopping.EarlyStoppingModelSaver;
import org.deeplearning4j.earlystopping.saver.InMemoryModelSaver;
import org.deeplearning4j.earlystopping.saver.LocalFileModelSaver;
import org.deeplearning4j.earlystopping.scorecalc.DataSetLossCalculator;
import org.deeplearning4j.earlystopping.termination.MaxEpochsTerminationCondition;
import org.deeplearning4j.earlystopping.trainer.EarlyStoppingTrainer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.transferlearning.FineTuneConfiguration;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.deeplearning4j.optimize.listeners.CheckpointListener;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerStandardize;
import org.nd4j.linalg.learning.config.AMSGrad;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.Sgd;

/** An interrupted training goes on exactly where it stopped, and its files stay files of stock DL4J. */
class SaveRestoreResumeTest {

    private static final int BEFORE = 4;
    private static final int AFTER = 4;

    /** What a rule does with a program: the program initialises, loads or copies its network inside. */
    interface Rule {
        <T> T during(Program<T> program) throws IOException;
    }

    /** Code of a user. */
    interface Program<T> {
        T run() throws IOException;
    }

    @LowRank(rank = 2, bias = "all")
    private static <T> T lora(Program<T> program) throws IOException {
        return program.run();
    }

    @LowRank(
            rank = 2,
            gradient = "galore",
            options = {"galore.refresh=3"})
    private static <T> T galore(Program<T> program) throws IOException {
        return program.run();
    }

    @LowRank(
            rank = 2,
            update = "switchlora",
            options = {"switchlora.interval=4", "switchlora.freeze=2", "switchlora.total-steps=100"})
    private static <T> T switchLora(Program<T> program) throws IOException {
        return program.run();
    }

    @LowRank(rank = 2, init = "lora-ga", loraplus = 4)
    private static <T> T loraGa(Program<T> program) throws IOException {
        return program.run();
    }

    private record Method(String name, Rule rule) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static final Method LORA = new Method("lora", new Rule() {
        @Override
        public <T> T during(Program<T> program) throws IOException {
            return lora(program);
        }
    });
    private static final Method GALORE = new Method("galore", new Rule() {
        @Override
        public <T> T during(Program<T> program) throws IOException {
            return galore(program);
        }
    });
    private static final Method SWITCH_LORA = new Method("switchlora", new Rule() {
        @Override
        public <T> T during(Program<T> program) throws IOException {
            return switchLora(program);
        }
    });
    private static final Method LORA_GA = new Method("lora-ga", new Rule() {
        @Override
        public <T> T during(Program<T> program) throws IOException {
            return loraGa(program);
        }
    });

    static Stream<Arguments> methodsAndUpdaters() {
        return Stream.of(LORA, GALORE, SWITCH_LORA, LORA_GA)
                .flatMap(method -> Stream.<IUpdater>of(
                                new Adam(0.01), new Nesterovs(0.05, 0.9), new Sgd(0.1), new AMSGrad(0.01))
                        .filter(updater -> method != SWITCH_LORA || !(updater instanceof AMSGrad))
                        .map(updater -> Arguments.of(method, updater)));
    }

    private static DataSet batch(int i) {
        return Data.classes(i, DataType.FLOAT, 7, Nets.INPUTS, Nets.CLASSES);
    }

    private static void fit(Model model, int from, int count) {
        for (int i = from; i < from + count; i++) {
            if (model instanceof MultiLayerNetwork network) {
                network.fit(batch(i));
            } else {
                ((ComputationGraph) model).fit(batch(i));
            }
        }
    }

    private static MultiLayerConfiguration layers(IUpdater updater) {
        return Nets.layers(Nets.settings(DataType.FLOAT, updater));
    }

    private static ComputationGraphConfiguration graph(IUpdater updater) {
        return Nets.graph(Nets.settings(DataType.FLOAT, updater));
    }

    private static MultiLayerNetwork trained(Method method, IUpdater updater) throws IOException {
        MultiLayerNetwork network = method.rule().during(() -> Nets.initialised(layers(updater)));
        fit(network, 0, BEFORE);
        return network;
    }

    /** The copy and the original train on, and stay equal in every bit; the copy's adapters too. */
    private static void goesOnLike(Model original, Model copy) {
        Nets.assertSame(original.params(), copy.params(), "parameters before");
        INDArray before = original.params().dup();
        fit(original, BEFORE, AFTER);
        fit(copy, BEFORE, AFTER);
        Nets.assertMoved(before, original.params(), "the original");
        Nets.assertSame(original.params(), copy.params(), "parameters after");
        Map<String, INDArray> wanted = AdapterFile.tensors(original);
        Map<String, INDArray> found = AdapterFile.tensors(copy);
        assertEquals(wanted.keySet(), found.keySet());
        wanted.forEach((name, tensor) -> Nets.assertSame(tensor, found.get(name), name));
    }

    @ParameterizedTest
    @MethodSource("methodsAndUpdaters")
    void savedAndLoadedNetworkGoesOn(Method method, IUpdater updater, @TempDir Path directory) throws IOException {
        MultiLayerNetwork network = trained(method, updater);
        File file = directory.resolve("model.zip").toFile();
        network.save(file, true);
        assertEquals(List.of("model.zip"), List.of(directory.toFile().list()));
        goesOnLike(network, method.rule().during(() -> MultiLayerNetwork.load(file, true)));
    }

    @Test
    void whatGoesOnIsSaid(@TempDir Path directory) throws IOException {
        File file = directory.resolve("model.zip").toFile();
        trained(LORA, new Adam(0.01)).save(file, true);
        MultiLayerNetwork loaded = LORA.rule().during(() -> MultiLayerNetwork.load(file, true));
        List<String> said = CapturedErrors.of(() -> fit(loaded, BEFORE, 2));
        String line = "goes on with the adapters that came with the network, at iteration " + BEFORE;
        assertEquals(1, CapturedErrors.containing(said, line).size(), said::toString);
        assertEquals(0, CapturedErrors.containing(said, "adapters started").size(), said::toString);
    }

    @ParameterizedTest
    @MethodSource("methodsAndUpdaters")
    void savedAndLoadedGraphGoesOn(Method method, IUpdater updater, @TempDir Path directory) throws IOException {
        ComputationGraph network = method.rule().during(() -> Nets.initialised(graph(updater)));
        fit(network, 0, BEFORE);
        File file = directory.resolve("model.zip").toFile();
        ModelSerializer.writeModel(network, file.getPath(), true);
        goesOnLike(network, method.rule().during(() -> ModelSerializer.restoreComputationGraph(file)));
    }

    @ParameterizedTest
    @MethodSource("methodsAndUpdaters")
    void cloneGoesOn(Method method, IUpdater updater) throws IOException {
        MultiLayerNetwork network = trained(method, updater);
        goesOnLike(network, network.clone());
        ComputationGraph graph = method.rule().during(() -> Nets.initialised(graph(updater.clone())));
        fit(graph, 0, BEFORE);
        ComputationGraph copy = graph.clone();
        // Stock DL4J forgets a graph's iteration count when it clones it, and Adam asks for it.
        assertEquals(0, copy.getConfiguration().getIterationCount());
        copy.getConfiguration().setIterationCount(graph.getConfiguration().getIterationCount());
        goesOnLike(graph, copy);
    }

    @Test
    void cloneOfACloneAndOfALoadedNetworkGoOnBeforeTheyTrained() throws IOException {
        MultiLayerNetwork network = trained(LORA, new Adam(0.01));
        byte[] zip = AdapterFile.zip(network);
        MultiLayerNetwork loaded =
                LORA.rule().during(() -> ModelSerializer.restoreMultiLayerNetwork(AdapterFile.input(zip), true));
        MultiLayerNetwork copy = loaded.clone().clone();
        byte[] again = AdapterFile.zip(copy);
        goesOnLike(network, copy);
        MultiLayerNetwork reloaded =
                LORA.rule().during(() -> ModelSerializer.restoreMultiLayerNetwork(AdapterFile.input(again), true));
        fit(reloaded, BEFORE, AFTER);
        Nets.assertSame(network.params(), reloaded.params(), "saved, loaded, saved and loaded");
    }

    @Test
    void checkpointsGoOn(@TempDir Path directory) throws IOException {
        MultiLayerNetwork network = trained(LORA, new Adam(0.01));
        network.setListeners(new CheckpointListener.Builder(directory.toFile())
                .keepAll()
                .saveEveryNIterations(1)
                .build());
        // The listener takes the first iteration that it sees as its start.
        fit(network, BEFORE, 2);
        INDArray atCheckpoint = network.params().dup();
        network.setListeners();
        fit(network, BEFORE + 2, AFTER);
        MultiLayerNetwork last = LORA.rule().during(() -> CheckpointListener.loadLastCheckpointMLN(directory.toFile()));
        Nets.assertSame(atCheckpoint, last.params(), "the checkpoint");
        // DL4J counts an iteration only after its listeners, so a checkpoint's count is one behind its weights.
        last.setIterationCount(last.getIterationCount() + 1);
        fit(last, BEFORE + 2, AFTER);
        Nets.assertSame(network.params(), last.params(), "training from the checkpoint");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void earlyStoppingKeepsTheBest(boolean inMemory, @TempDir Path directory) throws IOException {
        EarlyStoppingModelSaver<MultiLayerNetwork> saver =
                inMemory ? new InMemoryModelSaver<>() : new LocalFileModelSaver(directory.toString());
        DataSetIterator data = iterator();
        MultiLayerNetwork network = LORA.rule().during(() -> Nets.initialised(layers(new Adam(0.02))));
        INDArray before = network.params().dup();
        double lossBefore = network.score(whole(), false);
        var stopped = LORA.rule()
                .during(() -> new EarlyStoppingTrainer(
                                new EarlyStoppingConfiguration.Builder<MultiLayerNetwork>()
                                        .epochTerminationConditions(new MaxEpochsTerminationCondition(5))
                                        .scoreCalculator(new DataSetLossCalculator(iterator(), true))
                                        .modelSaver(saver)
                                        .build(),
                                network,
                                data)
                        .fit());
        MultiLayerNetwork best = LORA.rule().during(stopped::getBestModel);
        Nets.assertMoved(before, best.params(), "the best model");
        assertTrue(best.score(whole(), false) < lossBefore);
        assertEquals(4, stopped.getBestModelEpoch(), "the loss falls from epoch to epoch");
        goesOnLike(network, best);
    }

    private static DataSet whole() {
        return DataSet.merge(List.of(batch(0), batch(1), batch(2)));
    }

    private static DataSetIterator iterator() {
        return new org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator<>(whole().asList(), 7);
    }

    @Test
    void transferLearningStartsFromTheEffectiveWeights() throws IOException {
        MultiLayerNetwork network = trained(LORA, new Adam(0.01));
        MultiLayerNetwork next = LORA.rule()
                .during(() -> new TransferLearning.Builder(network)
                        .fineTuneConfiguration(new FineTuneConfiguration.Builder()
                                .updater(new Sgd(0.1))
                                .build())
                        .setFeatureExtractor(0)
                        .removeOutputLayer()
                        .addLayer(Nets.head(Nets.HIDDEN - 1))
                        .build());
        for (String name : List.of("0_W", "0_b", "1_W", "1_b")) {
            Nets.assertSame(network.getParam(name), next.getParam(name), name);
        }
        INDArray frozen = next.getParam("0_W").dup();
        INDArray adapted = next.getParam("1_W").dup();
        fit(next, 0, AFTER);
        Nets.assertSame(frozen, next.getParam("0_W"), "what the program froze");
        Nets.assertMoved(adapted, next.getParam("1_W"), "the target");
        assertTrue(AdapterFile.tensors(next).keySet().stream().noneMatch(key -> key.contains("layer0")));
        assertTrue(AdapterFile.tensors(next).containsKey("adapter/layer1/A"));
    }

    @Test
    void graphTransferLearningStartsFromTheEffectiveWeights() throws IOException {
        ComputationGraph graph = LORA.rule().during(() -> Nets.initialised(graph(new Adam(0.01))));
        fit(graph, 0, BEFORE);
        ComputationGraph next = LORA.rule()
                .during(() -> new TransferLearning.GraphBuilder(graph)
                        .fineTuneConfiguration(new FineTuneConfiguration.Builder()
                                .updater(new Sgd(0.1))
                                .build())
                        .setFeatureExtractor("first")
                        .removeVertexKeepConnections("out")
                        .addLayer("out", Nets.head(Nets.HIDDEN - 1), "second")
                        .build());
        Nets.assertSame(graph.getParam("first_W"), next.getParam("first_W"), "first_W");
        Nets.assertSame(graph.getParam("second_W"), next.getParam("second_W"), "second_W");
        INDArray frozen = next.getParam("first_W").dup();
        INDArray adapted = next.getParam("second_W").dup();
        fit(next, 0, AFTER);
        Nets.assertSame(frozen, next.getParam("first_W"), "what the program froze");
        Nets.assertMoved(adapted, next.getParam("second_W"), "the target");
    }

    @Test
    void aNetworkWithoutARuleReadsTheZipAndPredictsTheSame() throws IOException {
        MultiLayerNetwork network = trained(LORA, new Adam(0.01));
        byte[] zip = AdapterFile.zip(network);
        MultiLayerNetwork[] stock = new MultiLayerNetwork[1];
        List<String> said = CapturedErrors.of(
                () -> stock[0] = ModelSerializer.restoreMultiLayerNetwork(AdapterFile.input(zip), true));
        Nets.assertSame(network.output(batch(9).getFeatures()), stock[0].output(batch(9).getFeatures()), "predictions");
        assertEquals(1, CapturedErrors.containing(said, "no rule applies").size(), said::toString);
        INDArray before = stock[0].getParam("0_b").dup();
        fit(stock[0], 0, 1);
        assertFalse(AdapterFile.entries(AdapterFile.zip(stock[0])).containsKey(AdapterFile.ENTRY));
        assertTrue(AdapterFile.entries(AdapterFile.zip(stock[0])).containsKey("updaterState.bin"));
        Nets.assertMoved(before, stock[0].getParam("0_b"), "a bias");
    }

    @Test
    void theZipHoldsWhatStockZipsHold() throws IOException {
        Map<String, byte[]> ours = AdapterFile.entries(AdapterFile.zip(trained(LORA, new Adam(0.01))));
        Map<String, byte[]> stock = AdapterFile.entries(AdapterFile.zip(Nets.initialised(layers(new Adam(0.01)))));
        assertTrue(ours.containsKey("configuration.json") && stock.containsKey("configuration.json"));
        assertEquals(stock.get("coefficients.bin").length, ours.get("coefficients.bin").length);
        assertFalse(new String(ours.get("configuration.json"), java.nio.charset.StandardCharsets.UTF_8)
                .contains("lowrank"));
    }

    /** What is saved is to go on; the model without it is whole. */
    @ParameterizedTest
    @ValueSource(
            strings = {"cut", "one bit", "one bit of a number", "empty", "no safetensors", "newer", "other weights"})
    void anEntryThatCannotBeUsedStopsTrainingAndTheModelIsWhole(String damage) throws IOException {
        MultiLayerNetwork network = trained(LORA, new Adam(0.01));
        Map<String, byte[]> entries = AdapterFile.entries(AdapterFile.zip(network));
        entries.put(AdapterFile.ENTRY, damaged(entries.get(AdapterFile.ENTRY), damage));
        byte[] zip = AdapterFile.zip(entries);
        MultiLayerNetwork[] loaded = new MultiLayerNetwork[1];
        List<String> said = CapturedErrors.of(() -> loaded[0] =
                LORA.rule().during(() -> ModelSerializer.restoreMultiLayerNetwork(AdapterFile.input(zip), true)));
        assertEquals(1, CapturedErrors.containing(said, "WARNING").size(), said::toString);
        assertEquals(1, CapturedErrors.containing(said, AdapterFile.ENTRY).size(), said::toString);
        for (MultiLayerNetwork one : List.of(loaded[0], loaded[0].clone())) {
            LowRankException refused = assertThrows(LowRankException.class, () -> fit(one, BEFORE, 1));
            assertTrue(refused.getMessage().contains("zip -d MODEL.zip " + AdapterFile.ENTRY), refused::getMessage);
            Nets.assertSame(network.params(), one.params(), "the model");
            Nets.assertSame(network.output(batch(9).getFeatures()), one.output(batch(9).getFeatures()), "predictions");
        }

        entries.remove(AdapterFile.ENTRY);
        byte[] without = AdapterFile.zip(entries);
        MultiLayerNetwork anew =
                LORA.rule().during(() -> ModelSerializer.restoreMultiLayerNetwork(AdapterFile.input(without), true));
        fit(anew, BEFORE, AFTER);
        Nets.assertMoved(network.params(), anew.params(), "training from new adapters");
    }

    private static byte[] damaged(byte[] entry, String damage) throws IOException {
        byte[] flipped = entry.clone();
        return switch (damage) {
            case "cut" -> java.util.Arrays.copyOf(entry, entry.length / 2);
            case "one bit" -> {
                flipped[0] ^= 0x40;
                yield flipped;
            }
            case "one bit of a number" -> {
                flipped[entry.length - 3] ^= 0x40;
                yield flipped;
            }
            case "empty" -> new byte[0];
            case "no safetensors" -> "hello".getBytes(java.nio.charset.StandardCharsets.UTF_8);
            case "newer" -> AdapterFile.withMetadata(entry, metadata -> metadata.put("lowrank4j.format", "2"));
            case "other weights" ->
                AdapterFile.entries(AdapterFile.zip(trained(LORA, new Sgd(0.5))))
                        .get(AdapterFile.ENTRY);
            default -> throw new AssertionError(damage);
        };
    }

    /** A plan is no training. */
    @Test
    void aReportShowsThePlanAndThatTrainingWouldStop() throws IOException {
        Map<String, byte[]> entries = AdapterFile.entries(AdapterFile.zip(trained(LORA, new Adam(0.01))));
        entries.put(AdapterFile.ENTRY, new byte[0]);
        byte[] zip = AdapterFile.zip(entries);
        List<String> said = CapturedErrors.of(() -> JvmRules.with(Map.of("rank", "2", "mode", "report"), () -> {
            try {
                fit(ModelSerializer.restoreMultiLayerNetwork(AdapterFile.input(zip), true), 0, 1);
            } catch (IOException failed) {
                throw new java.io.UncheckedIOException(failed);
            }
        }));
        assertEquals(1, CapturedErrors.containing(said, "trainable params").size(), said::toString);
        assertEquals(
                1,
                CapturedErrors.containing(said, "without it, training would stop")
                        .size(),
                said::toString);
    }

    @Test
    void aMissingDirectoryIsNamed(@TempDir Path directory) throws IOException {
        MultiLayerNetwork network = trained(LORA, new Adam(0.01));
        File file = directory.resolve("absent").resolve("model.zip").toFile();
        IOException refused = assertThrows(IOException.class, () -> network.save(file, true));
        assertTrue(refused.getMessage().contains(file.getPath()), refused::getMessage);
        assertEquals(0, directory.toFile().list().length);
    }

    @Test
    void aReadOnlyDirectoryIsNamed(@TempDir Path directory) throws IOException {
        MultiLayerNetwork network = trained(LORA, new Adam(0.01));
        assertTrue(directory.toFile().setWritable(false));
        try {
            assumeFalse(Files.isWritable(directory), "this user may write everywhere");
            File file = directory.resolve("model.zip").toFile();
            IOException refused = assertThrows(IOException.class, () -> network.save(file, true));
            assertTrue(refused.getMessage().contains(file.getPath()), refused::getMessage);
            assertEquals(0, directory.toFile().list().length);
        } finally {
            assertTrue(directory.toFile().setWritable(true));
        }
    }

    /** A normalizer whose values cannot be read half-way through the file. */
    private static final class Unreadable extends NormalizerStandardize {
        @Override
        public INDArray getMean() {
            throw new IllegalStateException("unreadable");
        }
    }

    @Test
    void anInterruptedWriteLeavesTheOldFile(@TempDir Path directory) throws IOException {
        MultiLayerNetwork network = trained(LORA, new Adam(0.01));
        Path file = directory.resolve("model.zip");
        network.save(file.toFile(), true);
        byte[] old = Files.readAllBytes(file);
        fit(network, BEFORE, 1);
        assertThrows(Exception.class, () -> ModelSerializer.writeModel(network, file.toFile(), true, new Unreadable()));
        assertArrayEquals(old, Files.readAllBytes(file));
        assertEquals(List.of("model.zip"), List.of(directory.toFile().list()));
        network.save(file.toFile(), true);
        assertFalse(java.util.Arrays.equals(old, Files.readAllBytes(file)));
    }

    @Test
    void saveWithoutUpdaterKeepsTheAdapters() throws IOException {
        MultiLayerNetwork network = trained(LORA, new Adam(0.01));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ModelSerializer.writeModel(network, bytes, false);
        MultiLayerNetwork loaded = LORA.rule()
                .during(() -> ModelSerializer.restoreMultiLayerNetwork(AdapterFile.input(bytes.toByteArray()), false));
        INDArray a = AdapterFile.factor(network, "layer0", "A");
        fit(loaded, BEFORE, 1);
        // Adam's first step is the rate in every entry; a factor that started anew would be elsewhere altogether.
        Nets.assertClose(a, AdapterFile.factor(loaded, "layer0", "A"), 0.2, "A");
        assertTrue(
                a.sub(AdapterFile.factor(loaded, "layer0", "A")).normmaxNumber().doubleValue() <= 0.0100001);
    }

    @Test
    void aRuleWithAnotherRankStartsAnewOnTheSavedWeights() throws IOException {
        MultiLayerNetwork network = trained(LORA, new Adam(0.01));
        byte[] zip = AdapterFile.zip(network);
        MultiLayerNetwork loaded =
                GALORE.rule().during(() -> ModelSerializer.restoreMultiLayerNetwork(AdapterFile.input(zip), true));
        Nets.assertSame(network.params(), loaded.params(), "the model");
        List<String> said = CapturedErrors.of(() -> fit(loaded, BEFORE, 1));
        assertEquals(1, CapturedErrors.containing(said, "do not fit the rule").size(), said::toString);
    }

    @Test
    void aRuleThatTrainsMoreStartsAnewOnTheSavedWeights() throws IOException {
        byte[] zip = AdapterFile.zip(trained(LORA_GA, new Adam(0.01)));
        MultiLayerNetwork loaded =
                LORA.rule().during(() -> ModelSerializer.restoreMultiLayerNetwork(AdapterFile.input(zip), true));
        INDArray saved = loaded.params().dup();
        List<String> said = CapturedErrors.of(() -> fit(loaded, BEFORE, 1));
        assertEquals(1, CapturedErrors.containing(said, "do not fit the rule").size(), said::toString);
        assertEquals(1, CapturedErrors.containing(said, "layer0/b").size(), said::toString);
        Nets.assertMoved(saved, loaded.params(), "the model");
    }

    @Test
    void savingAnUntrainedNetworkIsStock() throws IOException {
        Function<byte[], Object> names = zip -> AdapterFile.entries(zip).keySet();
        MultiLayerNetwork network = LORA.rule().during(() -> Nets.initialised(layers(new Adam(0.01))));
        Object untrained = names.apply(AdapterFile.zip(network));
        assertFalse(untrained.toString().contains("lowrank"), untrained::toString);
        fit(network, 0, 1);
        assertTrue(names.apply(AdapterFile.zip(network)).toString().contains(AdapterFile.ENTRY));
    }
}
