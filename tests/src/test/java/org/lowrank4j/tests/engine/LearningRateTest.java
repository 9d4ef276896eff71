package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.AMSGrad;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.schedule.ISchedule;
import org.nd4j.linalg.schedule.MapSchedule;
import org.nd4j.linalg.schedule.ScheduleType;
import org.nd4j.linalg.schedule.StepSchedule;

/** Rates that change in the middle of training, by the program or by a schedule, and LoRA+'s raised rate. */
class LearningRateTest {

    private static final DataSet DATA = Data.classes(3, DataType.DOUBLE, 9, Nets.INPUTS, Nets.CLASSES);

    @LowRank(rank = 2, bias = "all")
    private static MultiLayerNetwork lora(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 2, bias = "all")
    private static ComputationGraph lora(ComputationGraphConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 2, bias = "all", loraplus = 8)
    private static MultiLayerNetwork loraPlus(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    private static MultiLayerConfiguration layers(IUpdater updater) {
        return Nets.layers(Nets.settings(DataType.DOUBLE, updater));
    }

    static Stream<Arguments> updaters() {
        ISchedule schedule = new MapSchedule(ScheduleType.ITERATION, Map.of(0, 0.01, 4, 0.002));
        return Stream.of(
                Arguments.of(new Adam(0.01), new Adam(schedule)),
                Arguments.of(new AMSGrad(0.01), new AMSGrad(schedule)),
                Arguments.of(new Nesterovs(0.01, 0.9), new Nesterovs(schedule, 0.9)));
    }

    /** If the updater's state were lost, or the rate did not change, the scheduled network would go elsewhere. */
    @ParameterizedTest
    @MethodSource("updaters")
    void aChangedRateKeepsTheUpdatersState(IUpdater constant, IUpdater scheduled) {
        MultiLayerNetwork changed = lora(layers(constant));
        MultiLayerNetwork wanted = lora(layers(scheduled));
        MultiLayerNetwork plus = loraPlus(layers(constant.clone()));
        MultiLayerNetwork plusWanted = loraPlus(layers(scheduled.clone()));
        for (int i = 0; i < 8; i++) {
            if (i == 4) {
                Nets.assertSame(wanted.params(), changed.params(), "before the change");
                changed.setLearningRate(0.002);
                plus.setLearningRate(0.002);
            }
            changed.fit(DATA);
            wanted.fit(DATA);
            plus.fit(DATA);
            plusWanted.fit(DATA);
        }
        Nets.assertSame(wanted.params(), changed.params(), "after the change");
        Nets.assertSame(plusWanted.params(), plus.params(), "with LoRA+ after the change");
    }

    @Test
    void aChangedRateKeepsTheUpdatersStateInAGraph() {
        ISchedule schedule = new MapSchedule(ScheduleType.ITERATION, Map.of(0, 0.01, 4, 0.002));
        ComputationGraph changed = lora(Nets.graph(Nets.settings(DataType.DOUBLE, new Adam(0.01))));
        ComputationGraph wanted = lora(Nets.graph(Nets.settings(DataType.DOUBLE, new Adam(schedule))));
        for (int i = 0; i < 8; i++) {
            if (i == 4) {
                changed.setLearningRate(0.002);
            }
            changed.fit(DATA);
            wanted.fit(DATA);
        }
        Nets.assertSame(wanted.params(), changed.params(), "after the change");
    }

    @Test
    void theRateOfOneLayer() {
        MultiLayerNetwork network = lora(layers(new Sgd(0.1)));
        network.fit(DATA);
        INDArray first = network.getParam("0_W").dup();
        INDArray second = network.getParam("1_W").dup();
        network.setLearningRate(0, 0.0);
        network.fit(DATA);
        Nets.assertSame(first, network.getParam("0_W"), "the layer at rate 0");
        Nets.assertMoved(second, network.getParam("1_W"), "the other layer");
    }

    static Stream<Arguments> schedules() {
        return Stream.of(
                Arguments.of(new StepSchedule(ScheduleType.ITERATION, 0.2, 0.5, 2), (IntToDoubleFunction)
                        i -> 0.2 * Math.pow(0.5, i / 2)),
                Arguments.of(new MapSchedule(ScheduleType.ITERATION, Map.of(0, 0.2, 3, 0.05)), (IntToDoubleFunction)
                        i -> i < 3 ? 0.2 : 0.05),
                // One batch an epoch, so that epochs and iterations count alike.
                Arguments.of(new MapSchedule(ScheduleType.EPOCH, Map.of(0, 0.2, 2, 0.05)), (IntToDoubleFunction)
                        i -> i < 2 ? 0.2 : 0.05));
    }

    @ParameterizedTest
    @MethodSource("schedules")
    void schedulesGiveEachStepItsRate(ISchedule schedule, IntToDoubleFunction rate) {
        MultiLayerNetwork adapted = lora(layers(new Sgd(schedule)));
        for (int i = 0; i < 6; i++) {
            assertSteps(adapted, rate.applyAsDouble(i), rate.applyAsDouble(i), i);
        }
    }

    @Test
    void loraPlusRaisesTheRateOfBAndOfBiases() {
        MultiLayerNetwork adapted = loraPlus(layers(new Sgd(0.02)));
        for (int i = 0; i < 4; i++) {
            assertSteps(adapted, 0.02, 0.16, i);
        }
    }

    @Test
    void loraPlusFollowsAScheduleAndAChange() {
        MultiLayerNetwork adapted = loraPlus(layers(new Sgd(new StepSchedule(ScheduleType.ITERATION, 0.04, 0.5, 1))));
        assertSteps(adapted, 0.04, 0.32, 0);
        assertSteps(adapted, 0.02, 0.16, 1);
        adapted.setLearningRate(0.03);
        assertSteps(adapted, 0.03, 0.24, 2);
    }

    /** One epoch of one batch moves A and head weights by rate x gradient, B and biases by raised x gradient. */
    private static void assertSteps(MultiLayerNetwork adapted, double rate, double raised, int step) {
        double scale = 8 / 2.0;
        MultiLayerNetwork stock = Nets.initialised(layers(new Sgd(1)));
        stock.params().assign(adapted.params());
        INDArray before = adapted.params().dup();
        stock.fit(DATA);
        INDArray gradients = before.sub(stock.params());
        MultiLayerNetwork gradient = Nets.initialised(layers(new Sgd(1)));
        gradient.params().assign(gradients);
        boolean started = step > 0;
        INDArray a = started ? AdapterFile.factor(adapted, "layer0", "A") : null;
        INDArray b = started ? AdapterFile.factor(adapted, "layer0", "B") : null;
        MultiLayerNetwork was = Nets.initialised(layers(new Sgd(1)));
        was.params().assign(before);
        adapted.fit(new org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator<>(DATA.asList(), 9));
        assertEquals(step + 1, adapted.getIterationCount());
        assertEquals(step + 1, adapted.getEpochCount());
        for (String name : new String[] {"0_b", "1_b", "2_b"}) {
            INDArray moved = was.getParam(name).sub(adapted.getParam(name));
            Nets.assertClose(gradient.getParam(name).mul(raised), moved, 1e-10, name + " at step " + step);
        }
        INDArray headMoved = was.getParam("2_W").sub(adapted.getParam("2_W"));
        Nets.assertClose(gradient.getParam("2_W").mul(rate), headMoved, 1e-10, "2_W at step " + step);
        if (started) {
            INDArray g = gradient.getParam("0_W");
            INDArray aMoved = a.sub(AdapterFile.factor(adapted, "layer0", "A"));
            INDArray bMoved = b.sub(AdapterFile.factor(adapted, "layer0", "B"));
            Nets.assertClose(g.mmul(b.transpose()).muli(scale * rate), aMoved, 1e-9, "A at step " + step);
            Nets.assertClose(a.transpose().mmul(g).muli(scale * raised), bMoved, 1e-9, "B at step " + step);
        }
    }
}
