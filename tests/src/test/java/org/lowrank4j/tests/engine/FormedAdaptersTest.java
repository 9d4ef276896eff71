package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.adapter.Adapter;
import org.lowrank4j.adapter.AdapterSet;
import org.lowrank4j.adapter.Merge;
import org.lowrank4j.adapter.ModelFile;
import org.lowrank4j.adapter.PeftDirectory;
import org.lowrank4j.adapter.TrainedAdapter;
import org.lowrank4j.file.StoredModel;
import org.lowrank4j.network.NetworkWeights;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Sgd;

/** What a training of layers of any kind leaves behind goes on, opens in stock DL4J, and becomes an adapter and a model. */
class FormedAdaptersTest {

    private static final int STEPS = 3;

    @TempDir
    Path directory;

    /** @param targets as {@link StepCheck#targets} names them, all in layer 0 */
    private record Case(String name, MultiLayerConfiguration configuration, DataSet data, List<String> targets) {

        Map<String, String> rule() {
            Map<String, String> rule = new HashMap<>(Map.of("rank", "2", "alpha", "8", "train", "only:2"));
            rule.put(
                    "layers",
                    String.join(
                            ",", targets.stream().map(FormedLayersTest::pattern).toList()));
            return rule;
        }

        Set<String> keys() {
            Set<String> keys = new LinkedHashSet<>();
            targets.forEach(target -> keys.add("layer" + target));
            return keys;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Case> cases() {
        Case embedding = new Case(
                "embedding",
                FormedLayersTest.embedded(new EmbeddingSequenceLayer.Builder()
                        .nIn(7)
                        .nOut(5)
                        .inputLength(4)
                        .build()),
                FormedLayersTest.tokens(4, 4),
                List.of("0"));
        Case own = new Case(
                "a user's own kind",
                Nets.settings(DataType.DOUBLE, new Sgd(0.05))
                        .list()
                        .layer(new TwoStageLayer(Nets.INPUTS, 5, 7))
                        .layer(Nets.dense(7, 4))
                        .layer(Nets.head(4))
                        .build(),
                Data.classes(3, DataType.DOUBLE, 8, Nets.INPUTS, Nets.CLASSES),
                List.of("0/down", "0/up"));
        return Stream.concat(
                Stream.of(embedding, own),
                FormedLayersTest.kinds()
                        .map(kind -> new Case(
                                kind.name(),
                                FormedLayersTest.configuration(kind),
                                FormedLayersTest.data(kind.input()),
                                kind.targets())));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aTrainingBecomesAnAdapterAndAModelAgain(Case of) throws IOException {
        Path base = directory.resolve("base.zip");
        Path tuned = directory.resolve("tuned.zip");
        ModelSerializer.writeModel(Nets.initialised(of.configuration().clone()), base.toFile(), true);
        MultiLayerNetwork network = Rules.during(of.rule(), () -> read(base));
        hasTheSameMatrices(network, base);
        fit(network, of.data());
        network.save(tuned.toFile(), true);
        MultiLayerNetwork stock = read(tuned);
        INDArray outputs = stock.output(of.data().getFeatures());
        Nets.assertSame(network.output(of.data().getFeatures()), outputs, "outputs in stock DL4J");
        goesOn(of, network, tuned);

        ModelFile before = ModelFile.read(base);
        Adapter adapter = TrainedAdapter.of(before, ModelFile.read(tuned));
        assertEquals(of.keys(), adapter.layers().keySet());
        Path peft = directory.resolve("adapter");
        PeftDirectory.write(adapter, peft);
        Adapter again = PeftDirectory.read(peft);
        assertEquals(
                List.copyOf(adapter.layers().keySet()),
                List.copyOf(again.layers().keySet()));
        adapter.layers().forEach((key, layer) -> {
            Nets.assertSame(layer.a(), again.layer(key).a(), "A of " + key);
            Nets.assertSame(layer.b(), again.layer(key).b(), "B of " + key);
            assertEquals(layer.parameter(), again.layer(key).parameter());
            assertEquals(layer.form(), again.layer(key).form());
        });
        assertEquals(adapter.base(), again.base());

        Path merged = directory.resolve("merged.zip");
        Merge.write(before, again, merged, false);
        MultiLayerNetwork plain = read(merged);
        Nets.assertClose(stock.params(), plain.params(), 1e-12, "the merged model");
        swaps(again, base, plain);
        starts(of, peft, base, stock);
    }

    private static MultiLayerNetwork read(Path file) {
        try {
            return ModelSerializer.restoreMultiLayerNetwork(file.toFile());
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** A zip that is read without making a network. */
    private static void hasTheSameMatrices(MultiLayerNetwork network, Path zip) throws IOException {
        NetworkWeights wanted = NetworkWeights.of(network);
        NetworkWeights found = NetworkWeights.of(StoredModel.read(zip));
        assertEquals(wanted.matrices(), found.matrices());
        wanted.matrices().forEach(key -> Nets.assertSame(wanted.matrix(key), found.matrix(key), key));
    }

    private static void fit(MultiLayerNetwork network, DataSet data) {
        for (int i = 0; i < STEPS; i++) {
            network.fit(data);
        }
    }

    private static void goesOn(Case of, MultiLayerNetwork network, Path tuned) {
        MultiLayerNetwork resumed = Rules.during(of.rule(), () -> read(tuned));
        fit(network, of.data());
        fit(resumed, of.data());
        Nets.assertSame(network.params(), resumed.params(), "parameters after resumption");
        Map<String, INDArray> wanted = AdapterFile.tensors(network);
        Map<String, INDArray> found = AdapterFile.tensors(resumed);
        assertEquals(wanted.keySet(), found.keySet());
        of.keys().forEach(key -> assertTrue(wanted.containsKey("adapter/" + key + "/A"), wanted.keySet()::toString));
        wanted.forEach((name, tensor) -> Nets.assertSame(tensor, found.get(name), name));
    }

    private static void swaps(Adapter adapter, Path base, MultiLayerNetwork merged) {
        MultiLayerNetwork live = read(base);
        INDArray original = live.params().dup();
        AdapterSet set = AdapterSet.on(live);
        set.add("task", adapter);
        set.activate("task");
        Nets.assertSame(merged.params(), live.params(), "the active adapter");
        set.disable();
        Nets.assertSame(original, live.params(), "the base again");
    }

    private static void starts(Case of, Path peft, Path base, MultiLayerNetwork trained) {
        Map<String, String> rule = new HashMap<>(of.rule());
        rule.put("init", "adapter");
        rule.put("adapter.path", peft.toString());
        // DL4J sets the rate of no layer that is wrapped, or built on SameDiff.
        String still = of.configuration().toJson().replaceAll("(\"learningRate\" : )[^,\\s]+", "$10.0");
        MultiLayerNetwork started = Rules.during(rule, () -> {
            MultiLayerNetwork network = new MultiLayerNetwork(MultiLayerConfiguration.fromJson(still));
            network.init(read(base).params().dup(), false);
            return network;
        });
        started.fit(of.data());
        Nets.assertClose(trained.params(), started.params(), 1e-12, "the start from the adapter");
        Nets.assertMoved(read(base).params(), started.params(), "the base");
    }
}
