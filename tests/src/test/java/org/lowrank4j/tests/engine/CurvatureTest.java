package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;

/** AdaHessian in a network: its curvature is that of the loss, and its passes leave nothing behind. */
class CurvatureTest {

    private static final int INPUTS = 2;
    private static final int HIDDEN = 3;
    private static final double RATE = 1e-3;
    private static final double L2 = 0.05;

    @LowRank(
            gradient = "adahessian",
            options = {"adahessian.beta1=0", "adahessian.beta2=0", "adahessian.epsilon=1e-30"})
    private static MultiLayerNetwork full(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(
            rank = 1,
            alpha = 1,
            init = "pissa",
            gradient = "adahessian",
            update = "lora",
            options = {"adahessian.beta1=0", "adahessian.beta2=0", "adahessian.epsilon=1e-30"})
    private static MultiLayerNetwork lora(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(gradient = "adahessian")
    private static ComputationGraph graph(ComputationGraphConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(gradient = "adahessian")
    private static MultiLayerNetwork layers(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 2, gradient = "adahessian", update = "lora", options = "lora.merge=fit")
    @LowRank.Layer(layers = "layer1", gradient = "exact", update = "lora")
    private static MultiLayerNetwork besideALaggingLayer(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 2, gradient = "adahessian", update = "lora", options = "lora.merge=step")
    @LowRank.Layer(layers = "layer1", gradient = "exact", update = "lora")
    private static MultiLayerNetwork besideALayerUpToDate(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 2, gradient = "adahessian", update = "dora")
    private static MultiLayerNetwork dora(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    private static MultiLayerConfiguration small() {
        return Nets.settings(DataType.DOUBLE, new Sgd(RATE))
                .l2(L2)
                .list()
                .layer(Nets.dense(INPUTS, HIDDEN))
                .layer(Nets.dense(HIDDEN, 2))
                .layer(Nets.head(2))
                .build();
    }

    private static DataSet data() {
        return Data.classes(3, DataType.DOUBLE, 11, INPUTS, Nets.CLASSES);
    }

    /** The trained numbers of both adapted layers as one vector, and the gradient of the loss of a stock network there. */
    private abstract static class Loss {

        final MultiLayerNetwork stock = Nets.initialised(small());

        abstract INDArray gradient(INDArray theta);

        final INDArray ofWeight(String layer) {
            DataSet data = data();
            Gradient sums = stock.calculateGradients(data.getFeatures(), data.getLabels(), null, null)
                    .getFirst();
            return sums.getGradientFor(layer + "_W").div(data.numExamples());
        }

        /** Column by column. */
        final INDArray hessian(INDArray theta) {
            int size = (int) theta.length();
            INDArray hessian = Nd4j.create(DataType.DOUBLE, size, size);
            for (int i = 0; i < size; i++) {
                INDArray above = theta.dup();
                INDArray below = theta.dup();
                above.putScalar(i, theta.getDouble(i) + 1e-5);
                below.putScalar(i, theta.getDouble(i) - 1e-5);
                hessian.putColumn(i, gradient(above).sub(gradient(below)).div(2e-5));
            }
            return hessian;
        }
    }

    private static INDArray flat(INDArray... arrays) {
        INDArray[] flat = new INDArray[arrays.length];
        for (int i = 0; i < flat.length; i++) {
            flat[i] = arrays[i].dup('c').reshape(arrays[i].length());
        }
        return Nd4j.concat(0, flat);
    }

    private static INDArray part(INDArray vector, int offset, int rows, int columns) {
        INDArray part = Nd4j.create(DataType.DOUBLE, rows, columns);
        for (int i = 0; i < rows * columns; i++) {
            part.putScalar(i / columns, i % columns, vector.getDouble(offset + i));
        }
        return part;
    }

    /** l2 is a term of the loss. */
    @Test
    void withFullWeightsItIsTheHessianOfTheLoss() {
        MultiLayerNetwork network = full(small());
        Loss loss = new Loss() {
            @Override
            INDArray gradient(INDArray theta) {
                stock.getParam("0_W").assign(part(theta, 0, INPUTS, HIDDEN));
                stock.getParam("1_W").assign(part(theta, INPUTS * HIDDEN, HIDDEN, 2));
                return flat(ofWeight("0"), ofWeight("1")).addi(theta.mul(L2));
            }
        };
        INDArray before = flat(network.getParam("0_W"), network.getParam("1_W"));
        network.fit(data());
        INDArray after = flat(network.getParam("0_W"), network.getParam("1_W"));
        assertIsProductWithSigns(loss.hessian(before), loss.gradient(before), before.sub(after));
    }

    @Test
    void withFactorsItIsTheHessianInTheFactors() {
        MultiLayerNetwork network = lora(small());
        // A step at rate 0, which starts the factors.
        network.setLearningRate(0);
        network.fit(data());
        network.setLearningRate(RATE);
        Map<String, INDArray> start = AdapterFile.tensors(network);
        INDArray before = factors(start);
        Loss loss = new Loss() {
            final INDArray[] bases = {base(network, start, 0), base(network, start, 1)};
            final int[][] sizes = {{INPUTS, HIDDEN}, {HIDDEN, 2}};

            @Override
            INDArray gradient(INDArray theta) {
                INDArray[] a = new INDArray[2];
                INDArray[] b = new INDArray[2];
                int offset = 0;
                for (int i = 0; i < 2; i++) {
                    a[i] = part(theta, offset, sizes[i][0], 1);
                    b[i] = part(theta, offset + sizes[i][0], 1, sizes[i][1]);
                    offset += sizes[i][0] + sizes[i][1];
                    stock.getParam(i + "_W").assign(bases[i].add(a[i].mmul(b[i])));
                }
                INDArray first = ofWeight("0");
                INDArray second = ofWeight("1");
                return flat(
                                first.mmul(b[0].transpose()),
                                a[0].transpose().mmul(first),
                                second.mmul(b[1].transpose()),
                                a[1].transpose().mmul(second))
                        .addi(theta.mul(L2));
            }
        };
        loss.stock.params().assign(network.params());
        network.fit(data());
        INDArray after = factors(AdapterFile.tensors(network));
        assertIsProductWithSigns(loss.hessian(before), loss.gradient(before), before.sub(after));
    }

    private static INDArray base(MultiLayerNetwork network, Map<String, INDArray> factors, int layer) {
        INDArray a = factors.get("adapter/layer" + layer + "/A");
        return network.getParam(layer + "_W").sub(a.mmul(factors.get("adapter/layer" + layer + "/B")));
    }

    private static INDArray factors(Map<String, INDArray> tensors) {
        return flat(
                tensors.get("adapter/layer0/A"),
                tensors.get("adapter/layer0/B"),
                tensors.get("adapter/layer1/A"),
                tensors.get("adapter/layer1/B"));
    }

    /** Without moments a step is rate g / |H z|, for signs z that the method drew: some signs must explain all of it. */
    private static void assertIsProductWithSigns(INDArray hessian, INDArray gradient, INDArray step) {
        int size = (int) gradient.length();
        double[][] h = hessian.toDoubleMatrix();
        double[] measured = gradient.div(step).muli(RATE).toDoubleVector();
        double best = Double.POSITIVE_INFINITY;
        int explanations = 0;
        for (int signs = 0; signs < 1 << size; signs++) {
            double worst = 0;
            for (int row = 0; row < size && worst < 1e-5; row++) {
                double product = 0;
                for (int column = 0; column < size; column++) {
                    product += (signs >> column & 1) == 0 ? -h[row][column] : h[row][column];
                }
                worst = Math.max(
                        worst, Math.abs(Math.abs(product) - Math.abs(measured[row])) / Math.abs(measured[row]));
            }
            best = Math.min(best, worst);
            explanations += worst < 1e-5 ? 1 : 0;
        }
        System.out.println("relative error of |H z|: " + best);
        assertEquals(2, explanations, "z and -z, of " + (1 << size) + "; the best is off by " + best);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aStepThatThrowsLeavesEverythingAsItWas(boolean ofGraph) {
        DataSet wrong = new DataSet(
                Data.normal(1, DataType.FLOAT, 5, Nets.INPUTS), Data.oneHot(2, DataType.FLOAT, 5, Nets.CLASSES + 1));
        DataSet right = Data.classes(1, DataType.FLOAT, 5, Nets.INPUTS, Nets.CLASSES);
        if (ofGraph) {
            ComputationGraph network = graph(Nets.graph(Nets.settings(DataType.FLOAT, new Sgd(0.1))));
            network.fit(right);
            INDArray before = network.params().dup();
            assertThrows(RuntimeException.class, () -> network.fit(wrong));
            Nets.assertSame(before, network.params(), "parameters");
            network.fit(right);
            Nets.assertMoved(before, network.params(), "parameters");
        } else {
            MultiLayerNetwork network = layers(Nets.layers(Nets.settings(DataType.FLOAT, new Sgd(0.1))));
            network.fit(right);
            INDArray before = network.params().dup();
            assertThrows(RuntimeException.class, () -> network.fit(wrong));
            Nets.assertSame(before, network.params(), "parameters");
            network.fit(right);
            Nets.assertMoved(before, network.params(), "parameters");
        }
    }

    @Test
    void aBatchThatIsNotFiniteCostsItsStepOnly() {
        MultiLayerNetwork network = layers(Nets.layers(Nets.settings(DataType.FLOAT, new Sgd(0.1))));
        MultiLayerNetwork undisturbed = layers(Nets.layers(Nets.settings(DataType.FLOAT, new Sgd(0.1))));
        DataSet broken = Data.classes(9, DataType.FLOAT, 5, Nets.INPUTS, Nets.CLASSES);
        broken.getFeatures().putScalar(2, 3, Double.NaN);
        for (int i = 0; i < 4; i++) {
            DataSet data = Data.classes(i, DataType.FLOAT, 5, Nets.INPUTS, Nets.CLASSES);
            network.fit(data);
            undisturbed.fit(data);
            network.fit(broken);
        }
        Nets.assertSame(undisturbed.params(), network.params(), "parameters");
    }

    @Test
    void aGraphTrainsAsItsLayersDo() {
        ComputationGraph graph = graph(Nets.graph(Nets.settings(DataType.DOUBLE, new Sgd(0.1))));
        DataSet data = Data.classes(1, DataType.DOUBLE, 9, Nets.INPUTS, Nets.CLASSES);
        double before = graph.score(data);
        for (int i = 0; i < 150; i++) {
            graph.fit(data);
        }
        double after = graph.score(data);
        assertTrue(after < before / 4, "the loss fell from " + before + " to " + after + " only");
    }

    /** Its own weights are never behind; those of other layers may be, in its passes as in any. */
    @Test
    void weightsBesideItMayLagBehindTheirFactors() {
        MultiLayerConfiguration configuration = Nets.layers(Nets.settings(DataType.DOUBLE, new Sgd(0.1)));
        MultiLayerNetwork lagging = besideALaggingLayer(configuration.clone());
        MultiLayerNetwork upToDate = besideALayerUpToDate(configuration.clone());
        INDArray before = lagging.params().dup();
        List<DataSet> examples =
                Data.classes(1, DataType.DOUBLE, 40, Nets.INPUTS, Nets.CLASSES).asList();
        lagging.fit(new ListDataSetIterator<>(examples, 8), 2);
        upToDate.fit(new ListDataSetIterator<>(examples, 8), 2);
        Nets.assertClose(upToDate.params(), lagging.params(), 1e-7, "parameters");
        Nets.assertMoved(before, lagging.params(), "parameters");
    }

    @Test
    void itIsSaidOnceWhatAStepCosts() {
        MultiLayerNetwork network = layers(Nets.layers(Nets.settings(DataType.FLOAT, new Sgd(0.1))));
        List<String> said = CapturedErrors.of(() -> {
            for (int i = 0; i < 3; i++) {
                network.fit(Data.classes(i, DataType.FLOAT, 5, Nets.INPUTS, Nets.CLASSES));
            }
        });
        assertEquals(1, CapturedErrors.containing(said, "twice more").size(), said::toString);
    }

    @Test
    void otherUpdatesAreRefused() {
        MultiLayerNetwork network = dora(Nets.layers(Nets.settings(DataType.FLOAT, new Sgd(0.1))));
        INDArray before = network.params().dup();
        String message = assertThrows(
                        RuntimeException.class,
                        () -> network.fit(Data.classes(1, DataType.FLOAT, 5, Nets.INPUTS, Nets.CLASSES)))
                .getMessage();
        assertTrue(message.contains("norms of the columns for constant") && message.contains("lora, lora-xs"), message);
        Nets.assertSame(before, network.params(), "parameters");
    }
}
