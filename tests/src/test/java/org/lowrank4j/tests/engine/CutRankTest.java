package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.lowrank4j.file.Safetensors;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.Sgd;

/** Layers that are smaller than the rank that was asked for learn like others. */
class CutRankTest {

    private static final String SETTINGS = "lowrank4j.settings/";

    private static MultiLayerNetwork network() {
        return Nets.initialised(Nets.layers(Nets.settings(DataType.FLOAT, new Sgd(0.1))));
    }

    private static MultiLayerNetwork under(Map<String, String> rule) {
        MultiLayerNetwork[] made = new MultiLayerNetwork[1];
        JvmRules.with(rule, () -> made[0] = network());
        return made[0];
    }

    private static MultiLayerNetwork restored(byte[] zip, Map<String, String> rule) {
        MultiLayerNetwork[] loaded = new MultiLayerNetwork[1];
        JvmRules.with(rule, () -> {
            try {
                loaded[0] = ModelSerializer.restoreMultiLayerNetwork(AdapterFile.input(zip), true);
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        });
        return loaded[0];
    }

    private static void fit(MultiLayerNetwork network, int seed) {
        network.fit(Data.classes(seed, DataType.FLOAT, 7, Nets.INPUTS, Nets.CLASSES));
    }

    private static Map<String, String> metadata(MultiLayerNetwork network) {
        return Safetensors.read(AdapterFile.entries(AdapterFile.zip(network)).get(AdapterFile.ENTRY))
                .metadata();
    }

    /** Asked for 10,000 they are trained as by the rank that they have. */
    @Test
    void aRankThatIsFarTooLargeTrains() {
        MultiLayerNetwork cut = under(Map.of("rank", "10000"));
        MultiLayerNetwork exact = under(Map.of("rank", "10000", "rank@layer0", "6", "rank@layer1", "7"));
        List<String> said = CapturedErrors.of(() -> fit(cut, 0));
        assertTrue(said.toString().contains("1.333"), () -> "the scale 8 / 6 is in the report: " + said);
        fit(exact, 0);
        for (int seed = 1; seed < 4; seed++) {
            fit(cut, seed);
            fit(exact, seed);
        }
        Nets.assertSame(exact.params(), cut.params(), "parameters");
        INDArray before = network().getParam("0_W");
        assertTrue(
                before.sub(cut.getParam("0_W")).normmaxNumber().doubleValue() > 1e-3, "W moves by more than rounding");
    }

    /** Zips of earlier versions hold the scale of the rank that was asked for, and it decides. */
    @Test
    void aTrainingThatWasSavedWithTheEarlierScaleGoesOnWithIt() throws IOException {
        Map<String, String> asked = Map.of("rank", "10");
        MultiLayerNetwork earlier = under(Map.of(
                "rank", "10", "rank@layer0", "6", "alpha@layer0", "4.8", "rank@layer1", "7", "alpha@layer1", "5.6"));
        fit(earlier, 0);
        fit(earlier, 1);
        Map<String, byte[]> entries = AdapterFile.entries(AdapterFile.zip(earlier));
        // As the version before wrote them, to the last digit.
        String ofFirst = "update=lora gradient=exact rank=6 scale=0.8000000000000002 shape=6x8";
        String ofSecond = "update=lora gradient=exact rank=7 scale=0.8 shape=8x7";
        entries.put(AdapterFile.ENTRY, AdapterFile.withMetadata(entries.get(AdapterFile.ENTRY), metadata -> {
            metadata.put(SETTINGS + "layer0", ofFirst);
            metadata.put(SETTINGS + "layer1", ofSecond);
        }));
        byte[] zip = AdapterFile.zip(entries);
        MultiLayerNetwork loaded = restored(zip, asked);
        fit(earlier, 2);
        List<String> said = CapturedErrors.of(() -> fit(loaded, 2));
        assertEquals(List.of(), CapturedErrors.containing(said, "WARNING"));
        assertEquals(2, CapturedErrors.containing(said, "  0.8000  ").size(), said::toString);
        Nets.assertClose(earlier.params(), loaded.params(), 1e-6, "the next step");
        assertEquals(ofFirst, metadata(loaded).get(SETTINGS + "layer0"), "saved again");
        assertEquals(ofSecond, metadata(loaded).get(SETTINGS + "layer1"), "saved again");

        MultiLayerNetwork other = restored(zip, Map.of("rank", "10", "alpha", "9"));
        List<String> anew = CapturedErrors.of(() -> fit(other, 2));
        assertEquals(1, CapturedErrors.containing(anew, "do not fit the rule").size(), anew::toString);
    }
}
