package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Sgd;

/** A rule on the field that keeps a network. */
class AnnotatedFieldTest {

    private static MultiLayerConfiguration configuration() {
        return Nets.layers(Nets.settings(DataType.FLOAT, new Sgd(0.1)));
    }

    private static DataSet batch() {
        return Data.classes(1, DataType.FLOAT, 6, Nets.INPUTS, Nets.CLASSES);
    }

    private static long rankOf(MultiLayerNetwork network) {
        return AdapterFile.factor(network, "layer0", "A").size(1);
    }

    /** Stored after init. */
    private static final class InitialisedFirst {
        @LowRank(rank = 2)
        private final MultiLayerNetwork network;

        private final MultiLayerNetwork other;

        InitialisedFirst() {
            network = Nets.initialised(configuration());
            other = Nets.initialised(configuration());
        }
    }

    /** Stored before init. */
    private static final class StoredFirst {
        @LowRank(rank = 3)
        private MultiLayerNetwork network;

        @LowRank(rank = 2, layers = "second")
        private ComputationGraph graph;

        void create() {
            network = new MultiLayerNetwork(configuration());
            network.init();
            graph = new ComputationGraph(Nets.graph(Nets.settings(DataType.FLOAT, new Sgd(0.1))));
            graph.init();
        }
    }

    /** A field of the class itself. */
    private static final class Static {
        @LowRank(rank = 4)
        private static MultiLayerNetwork network;

        static void create() {
            network = Nets.initialised(configuration());
        }
    }

    /** A field's rule goes before its class's. */
    @LowRank(rank = 1)
    private static final class OverItsClass {
        @LowRank(rank = 5)
        private MultiLayerNetwork network;

        private MultiLayerNetwork plain;

        void create() {
            network = Nets.initialised(configuration());
            plain = Nets.initialised(configuration());
        }
    }

    @Test
    void instanceFieldStoredAfterInit() {
        InitialisedFirst trainer = new InitialisedFirst();
        trainer.network.fit(batch());
        trainer.other.fit(batch());
        assertEquals(2, rankOf(trainer.network));
        assertTrue(AdapterFile.tensors(trainer.other).isEmpty());
    }

    @Test
    void instanceFieldStoredBeforeInit() {
        StoredFirst trainer = new StoredFirst();
        trainer.create();
        trainer.network.fit(batch());
        trainer.graph.fit(batch());
        assertEquals(3, rankOf(trainer.network));
        assertEquals(2, AdapterFile.factor(trainer.graph, "second", "A").size(1));
        assertTrue(AdapterFile.tensors(trainer.graph).keySet().stream().noneMatch(name -> name.contains("first")));
    }

    @Test
    void staticField() {
        Static.create();
        Static.network.fit(batch());
        assertEquals(4, rankOf(Static.network));
    }

    @Test
    void fieldOverClass() {
        OverItsClass trainer = new OverItsClass();
        trainer.create();
        trainer.network.fit(batch());
        trainer.plain.fit(batch());
        assertEquals(5, rankOf(trainer.network));
        assertEquals(1, rankOf(trainer.plain));
    }
}
