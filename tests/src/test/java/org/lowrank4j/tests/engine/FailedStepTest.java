package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.learning.regularization.WeightDecay;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import org.nd4j.linalg.schedule.FixedSchedule;
import org.nd4j.linalg.schedule.ISchedule;

/** A step or a start that something throws out of leaves the network as it was, and the next ones as if it had not been. */
class FailedStepTest {

    private static final String METHODS =
            "rank=2; update=maestro; update=trp; update=full,average=ema; update=dora,rank=2; update=switchlora,rank=2;"
                    + " gradient=galore,rank=2; gradient=lora-fa,rank=2; gradient=lora-pro,rank=2;"
                    + " gradient=adahessian,rank=2";

    private static final class Broken extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    /** Throws once when it is armed. */
    private static final class Fuse implements ISchedule {
        private static final long serialVersionUID = 1L;

        private final double value;
        private boolean armed;

        Fuse(double value) {
            this.value = value;
        }

        @Override
        public double valueAt(int iteration, int epoch) {
            if (armed) {
                armed = false;
                throw new Broken();
            }
            return value;
        }

        /** The same one: what a network is made of is cloned on the way. */
        @Override
        @SuppressWarnings("MethodDoesntCallSuperMethod")
        public ISchedule clone() {
            return this;
        }
    }

    private static MultiLayerNetwork network(String rule, IUpdater first, IUpdater head, ISchedule decayOfSecond) {
        Map<String, String> keys = new HashMap<>();
        for (String pair : rule.split(",")) {
            keys.put(
                    pair.substring(0, pair.indexOf('=')).strip(),
                    pair.substring(pair.indexOf('=') + 1).strip());
        }
        keys.put("layers", "layer0:layer1");
        return Rules.during(
                keys,
                () -> Nets.initialised(new NeuralNetConfiguration.Builder()
                        .seed(5)
                        .dataType(DataType.FLOAT)
                        .updater(first)
                        .weightDecay(0.01, true)
                        .activation(Activation.TANH)
                        .list()
                        .layer(new DenseLayer.Builder()
                                .nIn(Nets.INPUTS)
                                .nOut(Nets.HIDDEN)
                                .build())
                        .layer(new DenseLayer.Builder()
                                .nIn(Nets.HIDDEN)
                                .nOut(Nets.HIDDEN)
                                .regularization(List.of(new WeightDecay(decayOfSecond, true)))
                                .build())
                        .layer(new OutputLayer.Builder(LossFunction.MCXENT)
                                .nIn(Nets.HIDDEN)
                                .nOut(Nets.CLASSES)
                                .updater(head)
                                .activation(Activation.SOFTMAX)
                                .build())
                        .build()));
    }

    private static void step(MultiLayerNetwork network, int i) {
        network.fit(Data.classes(i, DataType.FLOAT, 6, Nets.INPUTS, Nets.CLASSES));
    }

    private static IUpdater momentum() {
        return new Nesterovs(0.05, 0.9);
    }

    /** Fails in its third step and goes on, beside one that never fails. */
    private static void assertGoesOn(String rule, MultiLayerNetwork failing, MultiLayerNetwork other, Runnable arm) {
        for (int i = 0; i < 2; i++) {
            step(failing, i);
            step(other, i);
        }
        INDArray before = failing.params().dup();
        arm.run();
        assertThrows(Broken.class, () -> step(failing, 2));
        Nets.assertSame(before, failing.params(), rule + ": parameters after the step that failed");
        assertEquals(other.getIterationCount(), failing.getIterationCount());
        for (int i = 3; i < 7; i++) {
            step(failing, i);
            step(other, i);
        }
        Nets.assertSame(other.params(), failing.params(), rule + ": parameters at the end");
    }

    @Test
    void aLearningRateThatThrows() {
        for (String rule : METHODS.split(";")) {
            Fuse fuse = new Fuse(0.05);
            MultiLayerNetwork failing = network(rule, momentum(), new Nesterovs(fuse, 0.9), new FixedSchedule(0.02));
            MultiLayerNetwork other =
                    network(rule, momentum(), new Nesterovs(new Fuse(0.05), 0.9), new FixedSchedule(0.02));
            assertGoesOn(rule, failing, other, () -> fuse.armed = true);
        }
    }

    /** The first layer has put its decay off by then; with updaters that have a state, stock keeps half of it moved. */
    @ParameterizedTest
    @ValueSource(strings = {"rank=2", "gradient=galore,rank=2", "gradient=lora-fa,rank=2"})
    void aDecayThatThrows(String rule) {
        Fuse fuse = new Fuse(0.02);
        MultiLayerNetwork failing = network(rule, new Sgd(0.05), new Sgd(0.05), fuse);
        MultiLayerNetwork other = network(rule, new Sgd(0.05), new Sgd(0.05), new Fuse(0.02));
        assertGoesOn(rule, failing, other, () -> fuse.armed = true);
    }

    /** The second target fails where the first one has moved W for the length of the step already. */
    @Test
    void aBeginOfAStepThatThrowsAbandonsTheTargetsBefore() {
        String rule = "rank=2, update=maestro, gradient@layer1=probe-passes, update@layer1=full";
        MultiLayerNetwork failing = network(rule, momentum(), momentum(), new FixedSchedule(0.02));
        MultiLayerNetwork other = network(rule, momentum(), momentum(), new FixedSchedule(0.02));
        assertGoesOn(rule, failing, other, () -> PassProbe.thrown = new Broken());
    }

    @Test
    void aListenerThatThrowsInTheMiddleOfAStep() {
        for (String rule : METHODS.split(";")) {
            MultiLayerNetwork failing = network(rule, momentum(), momentum(), new FixedSchedule(0.02));
            MultiLayerNetwork other = network(rule, momentum(), momentum(), new FixedSchedule(0.02));
            boolean[] armed = {false};
            failing.setListeners(new BaseTrainingListener() {
                @Override
                public void onGradientCalculation(Model model) {
                    if (armed[0]) {
                        armed[0] = false;
                        throw new Broken();
                    }
                }
            });
            assertGoesOn(rule, failing, other, () -> armed[0] = true);
        }
    }

    /** Both start from W by a decomposition, which values that are no numbers have none of. */
    @ParameterizedTest
    @ValueSource(strings = {"update=trp", "update=maestro"})
    void aStartThatThrowsLeavesTheLayersBeforeAsTheyWere(String rule) {
        MultiLayerNetwork failing = network(rule, momentum(), momentum(), new FixedSchedule(0.02));
        MultiLayerNetwork other = network(rule, momentum(), momentum(), new FixedSchedule(0.02));
        INDArray good = failing.params().dup();
        INDArray weight = failing.getParam("1_W");
        weight.putScalar(0, Double.NaN);
        INDArray bad = failing.params().dup();
        assertThrows(LowRankException.class, () -> step(failing, 0));
        Nets.assertSame(bad, failing.params(), "parameters after the start that failed");
        failing.setParams(good);
        for (int i = 0; i < 3; i++) {
            step(failing, i);
            step(other, i);
        }
        Nets.assertSame(other.params(), failing.params(), "parameters at the end");
    }
}
