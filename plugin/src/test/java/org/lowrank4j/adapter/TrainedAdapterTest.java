package org.lowrank4j.adapter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.file.ModelZip;
import org.lowrank4j.file.NetworkState;
import org.lowrank4j.file.TrainingState;
import org.lowrank4j.initialisation.Initialisation;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.Given;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Trains the weights of a network with the real updates, by random steps, and takes the adapter out of the zip. */
class TrainedAdapterTest {

    private static final int STEPS = 200;

    @TempDir
    Path directory;

    private final Methods methods = Methods.load();
    private final MultiLayerNetwork tuned = SmallNetworks.sequential(1);

    @ParameterizedTest
    @CsvSource({
        "lora, kaiming, 3",
        "lora, gaussian, 3",
        "lora, pissa, 6",
        "lora, olora, 6",
        "lora, milora, 6",
        "dora, kaiming, 3",
        "dora, pissa, 6",
    })
    void theAdapterOnTheBaseIsTheTunedModel(String update, String start, int rank) throws IOException {
        Map<String, INDArray> state = new LinkedHashMap<>();
        Map<String, String> settings = new LinkedHashMap<>();
        train(update, start, 0, "one", settings, state);
        tuned.getLayer(2).getParam("b").addi(0.5);
        ModelFile base = base();
        ModelFile trained = saved(new TrainingState(settings, Map.of(), state, false));

        Adapter adapter = TrainedAdapter.of(base, trained);
        assertEquals(rank, adapter.layer("one").rank());
        assertEquals(Set.of("one"), adapter.layers().keySet());
        assertEquals(Set.of("out"), adapter.parameters().keySet());
        assertEquals(Set.of("b"), adapter.parameters().get("out").keySet());
        assertEquals(settings.get("one"), adapter.metadata().get("settings/one"));
        String distance = adapter.metadata().get(TrainedAdapter.DECOMPOSED + "one");
        assertEquals(rank == 6, distance != null);
        assertTrue(rank == 3 || Double.parseDouble(distance) < 2e-5, distance);

        // Through a PEFT directory onto the base: the tuned model up to what float steps round.
        PeftDirectory.write(adapter, directory.resolve("peft"));
        Path merged = directory.resolve("merged.zip");
        Merge.write(base, PeftDirectory.read(directory.resolve("peft")), merged, false);
        INDArray difference = ModelFile.read(merged).network().params().sub(tuned.params());
        assertTrue(difference.amaxNumber().doubleValue() < 1e-5, () -> "largest difference " + difference.amaxNumber());
    }

    @Test
    void savedFactorsAreTakenAsTheyAre() throws IOException {
        Map<String, INDArray> state = new LinkedHashMap<>();
        Map<String, String> settings = new LinkedHashMap<>();
        train("lora", "kaiming", 0, "one", settings, state);
        Adapter adapter = TrainedAdapter.of(base(), saved(new TrainingState(settings, Map.of(), state, false)));
        assertTrue(Difference.sameBits(
                state.get("adapter/one/A"), adapter.layer("one").a()));
        assertTrue(Difference.sameBits(
                state.get("adapter/one/B"), adapter.layer("one").b()));
        assertEquals(2.1 / 3, adapter.layer("one").scale());
    }

    @Test
    void aChangeWithoutLowRankIsRefused() throws IOException {
        tuned.getLayer(0).getParam("W").addi(SmallNetworks.random(3, 12, 10));
        TrainingState state = new TrainingState(
                Map.of("one", "update=full gradient=galore rank=2 scale=1.0 shape=12x10"), Map.of(), Map.of(), false);
        ModelFile trained = saved(state);
        LowRankException refused = assertThrows(LowRankException.class, () -> TrainedAdapter.of(base(), trained));
        assertTrue(
                refused.getMessage().contains("changed by more than an adapter of rank 4 can hold"),
                refused.getMessage());
        assertTrue(refused.getMessage().contains("gradient=galore"), refused.getMessage());
    }

    /** As GaLore's with one projector, or two. */
    @Test
    void aChangeOfTwiceTheRankIsDecomposedAndSaysSo() throws IOException {
        tuned.getLayer(0).getParam("W").addi(SmallNetworks.random(3, 12, 4).mmul(SmallNetworks.random(4, 4, 10)));
        TrainingState state = new TrainingState(
                Map.of("one", "update=full gradient=galore rank=2 scale=1.0 shape=12x10"), Map.of(), Map.of(), false);
        Adapter adapter = TrainedAdapter.of(base(), saved(state));
        assertEquals(4, adapter.layer("one").rank());
        assertTrue(Double.parseDouble(adapter.metadata().get(TrainedAdapter.DECOMPOSED + "one")) < 1e-6);
    }

    @Test
    void aPlainModelIsRefused() throws IOException {
        ModelFile base = base();
        LowRankException refused = assertThrows(LowRankException.class, () -> TrainedAdapter.of(base, base));
        assertTrue(refused.getMessage().contains("holds no state of adapters"), refused.getMessage());
    }

    @Test
    void settingsWithoutANumberAreRefused() throws IOException {
        tuned.getLayer(0).getParam("W").addi(1);
        ModelFile trained =
                saved(new TrainingState(Map.of("one", "update=lora rank=two scale=1.0"), Map.of(), Map.of(), false));
        LowRankException refused = assertThrows(LowRankException.class, () -> TrainedAdapter.of(base(), trained));
        assertTrue(refused.getMessage().contains("have no number for rank"), refused.getMessage());
    }

    private void train(
            String update,
            String start,
            int layer,
            String name,
            Map<String, String> settings,
            Map<String, INDArray> state) {
        INDArray weight = tuned.getLayer(layer).getParam("W");
        int rank = 3;
        double scale = 2.1 / rank;
        TargetWeight target = Given.target(name, weight, rank, 2.1, scale, 11, Map.of());
        TargetUpdate trained = methods.update(update, "test").attach(target);
        Initialisation initialisation = methods.initialisation(start, "test");
        Factors factors = initialisation.start(
                Given.start(weight, rank, 2.1, scale, null, new Random(2), new OptionValues(initialisation, Map.of())));
        trained.start(factors);
        Random random = new Random(7);
        for (int i = 0; i < STEPS; i++) {
            INDArray[] steps = trained.tensors().stream()
                    .map(tensor -> step(random, tensor.shape(), tensor.order()))
                    .toArray(INDArray[]::new);
            trained.step(steps);
        }
        trained.kept()
                .state()
                .forEach((key, array) -> state.put("adapter/" + name + "/" + key, array.dup(array.ordering())));
        settings.put(
                name,
                "update=" + update + " gradient=exact rank=" + rank + " scale=" + scale + " shape=" + weight.size(0)
                        + "x" + weight.size(1));
    }

    private static INDArray step(Random random, long[] shape, char order) {
        INDArray step = Nd4j.create(DataType.FLOAT, shape, order);
        long length = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        for (long i = 0; i < length; i++) {
            step.putScalar(i, (float) (0.02 * random.nextGaussian()));
        }
        return step;
    }

    private ModelFile base() throws IOException {
        Path file = directory.resolve("base.zip");
        ModelSerializer.writeModel(SmallNetworks.sequential(1), file.toFile(), false);
        return ModelFile.read(file);
    }

    private ModelFile saved(TrainingState state) throws IOException {
        Path file = directory.resolve("tuned.zip");
        ModelZip.write(NetworkState.of(tuned, state), file, null);
        return ModelFile.read(file);
    }
}
