package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.Method;
import org.lowrank4j.registry.Methods;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;

/** An updater of the rule runs in the place of the network's own, on all that trains, and at its rate. */
class ChosenUpdaterTest {

    private static final DataSet BATCH = Data.classes(11, DataType.DOUBLE, 24, Nets.INPUTS, Nets.CLASSES);

    static Stream<String> names() {
        return Methods.load().updaters().stream().map(Method::name);
    }

    private static MultiLayerNetwork network(IUpdater updater, double decay, String... more) {
        Map<String, String> rule = new HashMap<>(Map.of("rank", "2", "bias", "all"));
        for (int i = 0; i < more.length; i += 2) {
            rule.put(more[i], more[i + 1]);
        }
        NeuralNetConfiguration.Builder settings =
                Nets.settings(DataType.DOUBLE, updater).weightDecay(decay);
        return Rules.during(rule, () -> Nets.initialised(Nets.layers(settings)));
    }

    /** With settings for a short training where the published ones are for a long one. */
    private static String[] settings(String name) {
        return switch (name) {
            case "prodigy" -> new String[] {"updater", name, "prodigy.first", "1e-3"};
            case "adamod" -> new String[] {"updater", name, "adamod.beta3", "0.9"};
            default -> new String[] {"updater", name};
        };
    }

    private static void fit(MultiLayerNetwork network, int steps) {
        for (int i = 0; i < steps; i++) {
            network.fit(BATCH);
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    void learns(String name) {
        MultiLayerNetwork network = network(new Sgd(0.05), 1e-4, settings(name));
        double before = network.score(BATCH);
        fit(network, 150);
        double after = network.score(BATCH);
        assertTrue(after < before * 0.8, before + " became " + after);
    }

    @ParameterizedTest
    @MethodSource("names")
    void goesOnBitForBit(String name) throws IOException {
        MultiLayerNetwork network = network(new Sgd(0.05), 1e-4, "updater", name, "loraplus", "1");
        fit(network, 6);
        MultiLayerNetwork copy =
                Rules.during(Map.of("rank", "2", "bias", "all", "updater", name, "loraplus", "1"), () -> copy(network));
        fit(network, 6);
        fit(copy, 6);
        Nets.assertSame(network.params(), copy.params(), name);
    }

    private static MultiLayerNetwork copy(MultiLayerNetwork network) {
        ByteArrayOutputStream zip = new ByteArrayOutputStream();
        try {
            ModelSerializer.writeModel(network, zip, true);
            return ModelSerializer.restoreMultiLayerNetwork(new ByteArrayInputStream(zip.toByteArray()), true);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** In a block of its own or in one with others: what one number decides is the same. */
    @ParameterizedTest
    @MethodSource("names")
    void theStepsOfAnEntryDoNotDependOnItsBlock(String name) {
        MultiLayerNetwork together = network(new Adam(0.05), 1e-4, settings(name));
        // Updaters with other settings do not share a block; a chosen one asks them for their rate alone.
        MultiLayerNetwork apart = network(new Adam(0.05), 1e-4, settings(name));
        ((BaseLayer) apart.getLayerWiseConfigurations().getConf(1).getLayer()).setIUpdater(new Sgd(0.05));
        fit(together, 8);
        fit(apart, 8);
        Nets.assertClose(together.params(), apart.params(), 1e-13, name);
    }

    @ParameterizedTest
    @MethodSource("names")
    void atRateZeroNothingMoves(String name) {
        MultiLayerNetwork network = network(new Sgd(0), 0, "updater", name);
        INDArray before = network.params().dup();
        fit(network, 3);
        Nets.assertSame(before, network.params(), name);
    }

    @Test
    void withoutItsOwnTermAdEmaMixIsAdam() {
        MultiLayerNetwork mixed = network(new Sgd(0.01), 0, "updater", "ademamix", "ademamix.alpha", "0");
        MultiLayerNetwork adam = network(new Adam(0.01), 0);
        fit(mixed, 10);
        fit(adam, 10);
        // ND4J adds epsilon to a root that is not corrected.
        Nets.assertClose(adam.params(), mixed.params(), 1e-4, "Adam");
    }

    /** One rate for all that trains: with the rates of the configuration, it is that much smaller. */
    @Test
    void prodigyFindsItsRate() {
        MultiLayerNetwork small = network(new Sgd(1e-6), 0, "updater", "prodigy", "prodigy.first", "1e-4");
        MultiLayerNetwork large = network(new Sgd(1e3), 0, "updater", "prodigy", "prodigy.first", "1e-4");
        fit(small, 10);
        fit(large, 10);
        Nets.assertSame(small.params(), large.params(), "whatever is configured");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "updater=adabelieve|unknown updater 'adabelieve'|Did you mean 'adabelief'?",
                "updater=adabelief,gradient=adafactor|makes the steps itself|take another gradient: ",
                "updater=prodigy,gradient=fira|runs an updater on part of the gradient|galore",
                "updater=prodigy,loraplus=4|finds one rate for all|prodigy.rate=configured",
                "updater=adabelief,adamod.beta3=0.5|belongs to 'adamod', which is not chosen|adabelief.rectify",
                "updater=adabelief,adabelief.rectify=perhaps|adabelief.rectify=perhaps is refused|one of yes, no",
                "updater=adamod,update=switchlora|and updater=adamod of layer|Use Adam",
                "updater=diffgrad,gradient=lora-pro,lora-pro.mode=full|updater=diffgrad|lora-pro.mode=efficient",
            })
    void whatCannotBeHadStopsFirst(String rule, String problem, String advice) {
        String[] pairs = rule.split("[,=]");
        MultiLayerNetwork network = network(new Sgd(0.05), 0, pairs);
        INDArray before = network.params().dup();
        String message =
                assertThrows(LowRankException.class, () -> network.fit(BATCH)).getMessage();
        assertTrue(message.contains(problem) && message.contains(advice), message);
        Nets.assertSame(before, network.params(), "nothing moved");
    }

    @Test
    void aTrainingGoesOnWithTheUpdaterThatItHad() throws IOException {
        MultiLayerNetwork network = network(new Adam(0.05), 0, "updater", "adabelief");
        fit(network, 2);
        MultiLayerNetwork other =
                Rules.during(Map.of("rank", "2", "bias", "all", "updater", "adabelief"), () -> copy(network));
        fit(other, 1);
        MultiLayerNetwork without = Rules.during(Map.of("rank", "2", "bias", "all"), () -> copy(network));
        List<String> said = CapturedErrors.of(() -> fit(without, 1));
        assertTrue(said.stream().anyMatch(line -> line.contains("updater=adabelief")), said::toString);
    }
}
