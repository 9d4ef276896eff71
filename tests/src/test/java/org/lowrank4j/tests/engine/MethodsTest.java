package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;

/** Every method beyond the first few: it trains in a network, goes on from its file, and does nothing at rate 0. */
class MethodsTest {

    private static final int RANK = 2;
    private static final int STEPS = 120;

    /** Entries of the head's W and b, which train in full. */
    private static final int HEAD = 7 * 3 + 3;

    /** Entries of A of both adapted layers, of B, and of the factors together. */
    private static final int LEFT = RANK * (6 + 8);

    private static final int RIGHT = RANK * (8 + 7);
    private static final int FACTORS = LEFT + RIGHT;

    /** Entries of both adapted weights. */
    private static final int WEIGHTS = 6 * 8 + 8 * 7;

    private static final IUpdater ADAM = new Adam(0);
    private static final IUpdater SGD = new Sgd(0);

    /**
     * One method.
     *
     * @param rule the agent's arguments beside the rank
     * @param entries of its tensors in both adapted layers
     * @param still updaters at rate 0 under which nothing moves; ND4J's Adam puts a small number in the place of a rate of
     *     0, which some methods do not see
     * @param moved how far its start moves W at most, whatever the learning rate, in parts of W's largest entry
     */
    private record Method(String rule, int entries, List<IUpdater> still, double moved) {

        /** Its key is the name; what is given once more counts. */
        Map<String, String> arguments() {
            Map<String, String> arguments = new LinkedHashMap<>(Map.of("rank", "" + RANK));
            Arrays.stream(rule.split(","))
                    .map(part -> part.split("="))
                    .forEach(part -> arguments.put(part[0], part[1]));
            return arguments;
        }

        @Override
        public String toString() {
            return rule;
        }
    }

    /** A start or an update, under the plainest updater. */
    private static Method published(String rule, int entries) {
        return new Method(rule, entries, List.of(SGD), 0);
    }

    private static Method moving(String rule, int entries, double moved) {
        return new Method(rule, entries, List.of(SGD), moved);
    }

    /** What stands in for the gradient. */
    private static Method gradient(String rule, int entries) {
        return new Method(rule, entries, List.of(ADAM, SGD), 0);
    }

    static Stream<Method> methods() {
        return Stream.of(
                published("init=pissa,alpha=2", FACTORS),
                published("init=pissa,alpha=2,pissa.niter=4", FACTORS),
                published("init=milora,alpha=2", FACTORS),
                published("init=olora", FACTORS),
                published("init=orthogonal", FACTORS),
                published("gradient=lora-fa", RIGHT),
                published("bits=2", FACTORS),
                published("bits=4,update=dora", FACTORS + 8 + 7),
                gradient("bits=8,gradient=lora-pro", FACTORS),
                published("gradient=lora-pro", FACTORS),
                // In this mode it takes the place of the user's Adam, which it wants.
                new Method("gradient=lora-pro,lora-pro.mode=full", FACTORS, List.of(ADAM), 0),
                moving("update=lora-xs", 2 * RANK * RANK, 1e-3),
                published("init=lora-sb", 2 * RANK * RANK),
                moving("init=lora-one,alpha=2,scaling=rslora", FACTORS, 0.05),
                published("update=loldu", 2 * (RANK + 1)),
                published("update=vera", 2 * RANK + 8 + 7),
                published("update=miss", RANK * (8 + 7)),
                published("update=s2ft", RANK * (8 + 7)),
                published("update=s2ft,s2ft.side=columns", RANK * (6 + 8)),
                published("update=loha", 2 * FACTORS),
                published("update=lokr", 2 * 2 + 3 * 4 + 2 + RANK * (4 + 7)),
                published("update=hira", FACTORS),
                published("update=oft", 6 * 5 / 2 + 8 * 7 / 2),
                published("update=oft,oft.terms=exact,oft.block=4", 2 * 3 + 2 * 6),
                published("update=mica", RANK * (6 + 8)),
                moving("update=kasa", FACTORS + 2 * RANK, 0.9),
                published("update=dora", FACTORS + 8 + 7),
                published("update=dora,init=lora-ga", FACTORS + 8 + 7),
                published(
                        "update=relora,alpha=2,relora.total-steps=120,relora.restart=3,relora.first-warmup=2,"
                                + "relora.restart-warmup=1",
                        FACTORS),
                published(
                        "update=adalora,adalora.total-steps=100,adalora.final-steps=95,adalora.target-rank=1",
                        FACTORS + 2 * RANK),
                moving(
                        "update=maestro,maestro.lasso=0.001,maestro.threshold=0.01,maestro.shrink=3",
                        6 * (6 + 8) + 7 * (8 + 7),
                        1e-5),
                moving("update=trp,trp.interval=4", WEIGHTS, 0.9),
                published("update=full,average=switch-ema,switch-ema.mu=0.5,switch-ema.switch=3", WEIGHTS),
                gradient("gradient=galore,galore.refresh=20,galore.scale=1,galore.side=longer", RANK * 6 + RANK * 7),
                gradient("gradient=galore,galore.refresh=3,galore.scale=1,galore.basis=random", RANK * 8 + RANK * 8),
                gradient("gradient=galore,galore.refresh=3,galore.scale=1,galore.basis=sampled", RANK * 8 + RANK * 8),
                gradient("gradient=galore,galore.refresh=3,galore.scale=1,galore.basis=tracked", RANK * 8 + RANK * 8),
                gradient("gradient=fira,fira.refresh=20", WEIGHTS),
                gradient("gradient=apollo,apollo.refresh=20", WEIGHTS),
                gradient("gradient=apollo-mini,rank=1,apollo-mini.refresh=20,apollo-mini.scale=1", WEIGHTS),
                gradient("gradient=adafactor,rank=1", WEIGHTS),
                gradient("gradient=adafactor,update=lora,adafactor.relative-step=no,adafactor.momentum=0.9", FACTORS),
                gradient("gradient=adahessian,rank=1", WEIGHTS),
                gradient("gradient=adahessian,update=lora", FACTORS),
                gradient("gradient=powersgd,powersgd.start=3,powersgd.least-ratio=1", WEIGHTS),
                gradient("gradient=powersgd,update=lora,powersgd.start=3,powersgd.least-ratio=1", FACTORS),
                gradient("gradient=econtrol,econtrol.keep=0.25,econtrol.eta=0.05", WEIGHTS),
                gradient("gradient=econtrol,update=dora,econtrol.keep=0.25,econtrol.eta=0.05", FACTORS + 8 + 7),
                gradient("gradient=mfac,mfac.window=4,mfac.lambda=0.1", WEIGHTS),
                gradient("gradient=mfac,update=lora,mfac.window=4,mfac.lambda=0.1,mfac.momentum=0.5", FACTORS),
                gradient("gradient=norm,rank=1", WEIGHTS),
                gradient("gradient=norm,rank=1,norm.of=column,norm.length=joint", WEIGHTS),
                // Named, for by default the first layer has the user's updater.
                gradient("gradient=muon,rank=1,layers=0..1", WEIGHTS),
                gradient("gradient=dion,layers=0..1", WEIGHTS),
                gradient("gradient=shampoo,rank=1,shampoo.refresh=3", WEIGHTS),
                gradient("gradient=ldadam", WEIGHTS),
                gradient("gradient=flora,flora.refresh=3", WEIGHTS),
                gradient("gradient=riemannian", FACTORS),
                gradient("gradient=lora-rite", FACTORS),
                gradient("gradient=perpgrad", WEIGHTS),
                gradient("gradient=perpgrad,update=lora,perpgrad.rescale=yes", FACTORS));
    }

    private static MultiLayerNetwork initialised(IUpdater updater) {
        return Nets.initialised(Nets.layers(Nets.settings(DataType.FLOAT, updater)));
    }

    private static DataSet batch(int i) {
        return Data.classes(i, DataType.FLOAT, 9, Nets.INPUTS, Nets.CLASSES);
    }

    @ParameterizedTest
    @MethodSource("methods")
    void itLearnsAndLeavesTheRestAlone(Method method) {
        JvmRules.with(method.arguments(), () -> {
            MultiLayerNetwork network = initialised(new Adam(0.02));
            INDArray bias = network.getParam("0_b").dup();
            INDArray weight = network.getParam("0_W").dup();
            DataSet data = batch(1);
            double before = network.score(data, false);
            for (int i = 0; i < STEPS; i++) {
                network.fit(data);
            }
            double after = network.score(data, false);
            assertTrue(after < before / 4, "the loss fell from " + before + " to " + after + " only");
            assertEquals(method.entries() + HEAD, Nets.gradientEntries(network), "entries of the gradient vector");
            Nets.assertSame(bias, network.getParam("0_b"), "a frozen bias");
            Nets.assertMoved(weight, network.getParam("0_W"), "an adapted weight");
        });
    }

    @ParameterizedTest
    @MethodSource("methods")
    void itGoesOnFromItsFileBitForBit(Method method) {
        JvmRules.with(method.arguments(), () -> {
            MultiLayerNetwork network = initialised(new Adam(0.02));
            for (int i = 0; i < 5; i++) {
                network.fit(batch(i));
            }
            MultiLayerNetwork loaded = AdapterFile.network(AdapterFile.zip(network));
            AdapterFile.assertGoOn(network, loaded, 5, 4, MethodsTest::batch);
        });
    }

    @ParameterizedTest
    @MethodSource("methods")
    void atRateZeroNoBitOfAnAdaptedWeightMoves(Method method) {
        JvmRules.with(
                method.arguments(),
                () -> method.still().forEach(updater -> {
                    MultiLayerNetwork network = initialised(updater.clone());
                    INDArray original = network.getParam("0_W").dup();
                    network.fit(batch(0));
                    INDArray started = network.getParam("0_W").dup();
                    if (method.moved() > 0) {
                        Nets.assertMoved(original, started, "a weight whose published start moves it a little");
                        Nets.assertClose(
                                original, started, method.moved(), "a weight whose published start moves it a little");
                    } else {
                        Nets.assertSame(original, started, "a weight under " + updater);
                    }
                    for (int i = 1; i < 5; i++) {
                        network.fit(batch(i));
                    }
                    // What is cut and averaged later moves W by itself.
                    if (method.moved() == 0 || !method.rule().startsWith("update=trp")) {
                        Nets.assertSame(started, network.getParam("0_W"), "a weight under " + updater);
                    }
                }));
    }
}
