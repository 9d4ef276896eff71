package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.registry.Methods;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Sgd;

/** A rank for all layers that is larger than most of them: each method trains what fits, and stops nothing. */
class SmallNetworksTest {

    private static final Map<String, Map<String, String>> NEEDED = Map.of(
            "adalora", Map.of("adalora.total-steps", "10", "adalora.target-rank", "4"),
            "random-subspace", Map.of("random-subspace.dimension", "9"),
            "relora",
                    Map.of(
                            "relora.total-steps",
                            "10",
                            "relora.restart",
                            "5",
                            "relora.first-warmup",
                            "1",
                            "relora.restart-warmup",
                            "1"),
            "lora-sb", Map.of("lora-sb.rate", "1e-3"));

    /** 4-10-10-1-9-3, at least as the iris examples are. */
    private static MultiLayerNetwork network() {
        return Nets.initialised(Nets.settings(DataType.DOUBLE, new Sgd(0.01))
                .list()
                .layer(Nets.dense(4, 10))
                .layer(Nets.dense(10, 10))
                .layer(Nets.dense(10, 1))
                .layer(Nets.dense(1, 9))
                .layer(Nets.head(9))
                .build());
    }

    static Stream<Map<String, String>> methods() {
        Methods methods = Methods.load(Methods.class.getClassLoader());
        List<Map<String, String>> rules = new ArrayList<>();
        for (String rank : List.of("8", "4")) {
            methods.initialisations().forEach(init -> {
                if (!List.of("adapter", "eora").contains(init.name()) && ours(init)) {
                    rules.add(rule(rank, "init", init.name()));
                }
            });
            methods.gradients().stream()
                    .filter(SmallNetworksTest::ours)
                    .forEach(gradient -> rules.add(rule(rank, "gradient", gradient.name())));
            methods.updates().stream()
                    .filter(SmallNetworksTest::ours)
                    .forEach(update -> rules.add(rule(rank, "update", update.name())));
        }
        return rules.stream();
    }

    private static boolean ours(org.lowrank4j.method.Method method) {
        return !method.getClass().getName().contains(".tests.");
    }

    private static Map<String, String> rule(String rank, String key, String name) {
        Map<String, String> rule = new HashMap<>(Map.of("rank", rank, key, name));
        rule.putAll(NEEDED.getOrDefault(name, Map.of()));
        return rule;
    }

    @ParameterizedTest
    @MethodSource("methods")
    void trainWithARankThatFitsFewLayers(Map<String, String> rule) {
        DataSet data = Data.classes(3, DataType.DOUBLE, 40, 4, Nets.CLASSES);
        JvmRules.with(rule, () -> {
            MultiLayerNetwork network = network();
            INDArray before = network.params().dup();
            List<String> said = CapturedErrors.of(() -> network.fit(new ListDataSetIterator<>(data.asList(), 4)));
            Nets.assertMoved(before, network.params(), "the network");
            assertEquals(0, CapturedErrors.containing(said, "trains as stock").size(), said::toString);
            assertTrue(CapturedErrors.containing(said, "trainable params").size() > 0, said::toString);
        });
    }
}
