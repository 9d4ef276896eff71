package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.deeplearning4j.nn.conf.GradientNormalization;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Gradients of factors, biases and heads of MultiLayerNetworks against central differences in double precision. */
class GradientCheckTest {

    private static final double RATE = 0.05;
    private static final int EXAMPLES = 6;
    private static final int STEPS = 3;
    private static final DataSet CLASSES = Data.classes(11, DataType.DOUBLE, EXAMPLES, 4, 3);

    @LowRank(rank = 2, bias = "all")
    private static MultiLayerNetwork denseAllBiases(MultiLayerConfiguration configuration) {
        return initialised(configuration);
    }

    @LowRank(rank = 2)
    private static MultiLayerNetwork denseNoBias(MultiLayerConfiguration configuration) {
        return initialised(configuration);
    }

    @LowRank(rank = 2, bias = "lora-only", exclude = "1")
    private static MultiLayerNetwork firstDenseOnlyItsBias(MultiLayerConfiguration configuration) {
        return initialised(configuration);
    }

    @LowRank(rank = 2, bias = "all", exclude = "1")
    private static MultiLayerNetwork firstDenseAllBiases(MultiLayerConfiguration configuration) {
        return initialised(configuration);
    }

    @LowRank(rank = 2, scaling = "rslora", alpha = 3)
    private static MultiLayerNetwork rsLora(MultiLayerConfiguration configuration) {
        return initialised(configuration);
    }

    @LowRank(
            rank = 2,
            layers = {"0", "2"},
            train = "none",
            bias = "lora-only")
    private static MultiLayerNetwork outputAsTarget(MultiLayerConfiguration configuration) {
        return initialised(configuration);
    }

    @LowRank(rank = 2, layers = "RnnOutputLayer", train = "none", bias = "lora-only")
    private static MultiLayerNetwork rnnOutputOverFrozen(MultiLayerConfiguration configuration) {
        return initialised(configuration);
    }

    @LowRank(rank = 2, layers = "RnnOutputLayer", train = "0", bias = "lora-only")
    private static MultiLayerNetwork rnnOutputOverTrained(MultiLayerConfiguration configuration) {
        return initialised(configuration);
    }

    @LowRank(rank = 2, layers = "DenseLayer", bias = "lora-only")
    private static MultiLayerNetwork denseAmongFrozenRnn(MultiLayerConfiguration configuration) {
        return initialised(configuration);
    }

    @LowRank(
            rank = 2,
            layers = "DenseLayer",
            train = {"LSTM", "SimpleRnn", "RnnOutputLayer"})
    private static MultiLayerNetwork denseAmongTrainedRnn(MultiLayerConfiguration configuration) {
        return initialised(configuration);
    }

    private static MultiLayerNetwork initialised(MultiLayerConfiguration configuration) {
        MultiLayerNetwork network = new MultiLayerNetwork(configuration);
        network.init();
        return network;
    }

    private static NeuralNetConfiguration.Builder settings() {
        return new NeuralNetConfiguration.Builder()
                .seed(5)
                .dataType(DataType.DOUBLE)
                .updater(new Sgd(RATE))
                .biasInit(0.05);
    }

    private static MultiLayerConfiguration dense(NeuralNetConfiguration.Builder settings, DenseLayer.Builder second) {
        return dense(settings, second, new OutputLayer.Builder(LossFunction.MCXENT).activation(Activation.SOFTMAX));
    }

    private static MultiLayerConfiguration dense(
            NeuralNetConfiguration.Builder settings, DenseLayer.Builder second, OutputLayer.Builder output) {
        return settings.list()
                .layer(new DenseLayer.Builder()
                        .nIn(4)
                        .nOut(5)
                        .activation(Activation.TANH)
                        .build())
                .layer(second.nIn(5).nOut(4).build())
                .layer(output.nIn(4).nOut(3).build())
                .build();
    }

    private static DenseLayer.Builder tanh() {
        return new DenseLayer.Builder().activation(Activation.TANH);
    }

    private static MultiLayerConfiguration recurrent(BaseLayer first, boolean withDense) {
        NeuralNetConfiguration.ListBuilder list = settings().list().layer(first);
        if (withDense) {
            list.layer(
                    new DenseLayer.Builder().nOut(5).activation(Activation.TANH).build());
            list.layer(
                    new SimpleRnn.Builder().nOut(4).activation(Activation.TANH).build());
        }
        list.layer(new RnnOutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nOut(3)
                .build());
        return list.setInputType(InputType.recurrent(4)).build();
    }

    private static LSTM lstm() {
        return new LSTM.Builder().nIn(4).nOut(5).activation(Activation.TANH).build();
    }

    private static SimpleRnn simpleRnn() {
        return new SimpleRnn.Builder()
                .nIn(4)
                .nOut(5)
                .activation(Activation.TANH)
                .build();
    }

    /** A check after three steps, when no factor is at its start any more. */
    private static StepCheck check(
            Function<MultiLayerConfiguration, MultiLayerNetwork> rule,
            Supplier<MultiLayerConfiguration> configuration,
            DataSet data) {
        return check(rule, configuration, configuration, data);
    }

    private static StepCheck check(
            Function<MultiLayerConfiguration, MultiLayerNetwork> rule,
            Supplier<MultiLayerConfiguration> configuration,
            Supplier<MultiLayerConfiguration> withoutRegularisation,
            DataSet data) {
        MultiLayerNetwork adapted = rule.apply(configuration.get());
        for (int i = 0; i < 3; i++) {
            adapted.fit(data);
        }
        return new StepCheck(
                adapted,
                () -> adapted.fit(data),
                initialised(withoutRegularisation.get()),
                stock -> ((MultiLayerNetwork) stock).score(data, false),
                RATE);
    }

    @ParameterizedTest
    @EnumSource(
            names = {
                "IDENTITY",
                "RELU",
                "LEAKYRELU",
                "TANH",
                "SIGMOID",
                "ELU",
                "SELU",
                "SOFTPLUS",
                "SOFTSIGN",
                "CUBE",
                "GELU",
                "SWISH",
                "HARDTANH",
                "HARDSIGMOID",
                "RATIONALTANH",
                "RELU6",
                "THRESHOLDEDRELU",
                "MISH"
            })
    void everyActivation(Activation activation) {
        check(
                        GradientCheckTest::denseAllBiases,
                        () -> dense(settings(), new DenseLayer.Builder().activation(activation)),
                        CLASSES)
                .targets("0", "1")
                .trained("0_b", "1_b", "2_W", "2_b")
                .verify();
    }

    @Test
    void withoutBias() {
        check(GradientCheckTest::denseAllBiases, () -> dense(settings(), tanh().hasBias(false)), CLASSES)
                .targets("0", "1")
                .trained("0_b", "2_W", "2_b")
                .verify();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void layerNormalisation(boolean bias) {
        StepCheck check = check(
                        GradientCheckTest::denseAllBiases,
                        () -> dense(settings(), tanh().hasLayerNorm(true).hasBias(bias)),
                        CLASSES)
                .targets("0", "1");
        if (bias) {
            check.trained("0_b", "1_b", "1_g", "2_W", "2_b").verify();
        } else {
            check.trained("0_b", "1_g", "2_W", "2_b").verify();
        }
    }

    @Test
    void biasesStayFrozenByDefault() {
        check(GradientCheckTest::denseNoBias, () -> dense(settings(), tanh()), CLASSES)
                .targets("0", "1")
                .trained("2_W", "2_b")
                .verify();
    }

    @Test
    void biasesOfTargetsOnly() {
        check(GradientCheckTest::firstDenseOnlyItsBias, () -> dense(settings(), tanh()), CLASSES)
                .targets("0")
                .trained("0_b", "2_W", "2_b")
                .verify();
    }

    @Test
    void biasesOfFrozenLayersToo() {
        check(GradientCheckTest::firstDenseAllBiases, () -> dense(settings(), tanh()), CLASSES)
                .targets("0")
                .trained("0_b", "1_b", "2_W", "2_b")
                .verify();
    }

    @Test
    void rankStabilisedScale() {
        check(GradientCheckTest::rsLora, () -> dense(settings(), tanh()), CLASSES)
                .targets("0", "1")
                .trained("2_W", "2_b")
                .scale(3 / Math.sqrt(2))
                .verify();
    }

    @Test
    void sumsWithoutMinibatchDivision() {
        check(GradientCheckTest::denseAllBiases, () -> dense(settings().miniBatch(false), tanh()), CLASSES)
                .targets("0", "1")
                .trained("0_b", "1_b", "2_W", "2_b")
                .verify();
    }

    @ParameterizedTest
    @CsvSource({"MCXENT, SOFTMAX", "XENT, SIGMOID", "NEGATIVELOGLIKELIHOOD, SOFTMAX"})
    void outputLayerAsTarget(LossFunction loss, Activation activation) {
        check(
                        GradientCheckTest::outputAsTarget,
                        () -> dense(settings(), tanh(), new OutputLayer.Builder(loss).activation(activation)),
                        CLASSES)
                .targets("0", "2")
                .trained("0_b", "2_b")
                .verify();
    }

    @ParameterizedTest
    @CsvSource({"MSE, IDENTITY", "MSE, TANH", "L2, IDENTITY", "MEAN_ABSOLUTE_ERROR, IDENTITY"})
    void regressionOutputAsTarget(LossFunction loss, Activation activation) {
        check(
                        GradientCheckTest::outputAsTarget,
                        () -> dense(settings(), tanh(), new OutputLayer.Builder(loss).activation(activation)),
                        Data.linear(21, DataType.DOUBLE, EXAMPLES, 4, 3))
                .targets("0", "2")
                .trained("0_b", "2_b")
                .verify();
    }

    @Test
    void labelMaskPerExample() {
        DataSet masked = CLASSES.copy();
        masked.setLabelsMaskArray(Data.mask(31, DataType.DOUBLE, EXAMPLES, 2).getColumn(0, true));
        check(GradientCheckTest::outputAsTarget, () -> dense(settings(), tanh()), masked)
                .targets("0", "2")
                .trained("0_b", "2_b")
                .verify();
        check(GradientCheckTest::denseAllBiases, () -> dense(settings(), tanh()), masked)
                .targets("0", "1")
                .trained("0_b", "1_b", "2_W", "2_b")
                .verify();
    }

    private static DataSet sequences(String masks) {
        DataSet data = Data.sequences(41, DataType.DOUBLE, EXAMPLES, 4, 3, STEPS);
        if (masks.contains("features")) {
            data.setFeaturesMaskArray(Data.mask(42, DataType.DOUBLE, EXAMPLES, STEPS));
        }
        if (masks.contains("labels")) {
            data.setLabelsMaskArray(Data.mask(43, DataType.DOUBLE, EXAMPLES, STEPS));
        }
        return data;
    }

    @ParameterizedTest
    @ValueSource(strings = {"no masks", "features", "labels", "features and labels"})
    void rnnOutputAsTargetOverFrozenLstm(String masks) {
        check(GradientCheckTest::rnnOutputOverFrozen, () -> recurrent(lstm(), false), sequences(masks))
                .targets("1")
                .trained("1_b")
                .verify();
    }

    @ParameterizedTest
    @ValueSource(strings = {"no masks", "features and labels"})
    void rnnOutputAsTargetOverTrainedRecurrentLayers(String masks) {
        check(GradientCheckTest::rnnOutputOverTrained, () -> recurrent(lstm(), false), sequences(masks))
                .targets("1")
                .trained("0_W", "0_RW", "0_b", "1_b")
                .verify();
        check(GradientCheckTest::rnnOutputOverTrained, () -> recurrent(simpleRnn(), false), sequences(masks))
                .targets("1")
                .trained("0_W", "0_RW", "0_b", "1_b")
                .verify();
    }

    @ParameterizedTest
    @ValueSource(strings = {"no masks", "features", "labels", "features and labels"})
    void denseBetweenFrozenRecurrentLayersUnderATrainedHead(String masks) {
        check(GradientCheckTest::denseAmongFrozenRnn, () -> recurrent(lstm(), true), sequences(masks))
                .targets("1")
                .trained("1_b", "3_W", "3_b")
                .verify();
    }

    @ParameterizedTest
    @ValueSource(strings = {"no masks", "features and labels"})
    void denseBetweenTrainedRecurrentLayers(String masks) {
        check(GradientCheckTest::denseAmongTrainedRnn, () -> recurrent(lstm(), true), sequences(masks))
                .targets("1")
                .trained("0_W", "0_RW", "0_b", "2_W", "2_RW", "2_b", "3_W", "3_b")
                .verify();
    }

    @LowRank(rank = 2, layers = "DenseLayer", bias = "all")
    private static MultiLayerNetwork denseAmongRnnAllBiases(MultiLayerConfiguration configuration) {
        return initialised(configuration);
    }

    /** The backward pass of a SimpleRnn writes all of its gradients into one piece of memory. */
    @Test
    void allBiasesAmongRecurrentLayers() {
        check(GradientCheckTest::denseAmongRnnAllBiases, () -> recurrent(lstm(), true), sequences("no masks"))
                .targets("1")
                .trained("0_b", "1_b", "2_b", "3_W", "3_b")
                .verify();
    }

    @Test
    void l1AndL2OfFactorsBiasesAndHead() {
        check(
                        GradientCheckTest::denseAllBiases,
                        () -> dense(settings().l1(0.01).l2(0.02).l1Bias(0.03).l2Bias(0.04), tanh()),
                        () -> dense(settings(), tanh()),
                        CLASSES)
                .targets("0", "1")
                .trained("0_b", "1_b", "2_W", "2_b")
                .l1l2(0.01, 0.02, 0.03, 0.04)
                .verify();
    }

    /** DL4J 1.0.0-M2.1 puts a network-wide weight decay into each layer's settings twice, so it counts double. */
    @Test
    void weightDecayOfFactorsAndHead() {
        check(
                        GradientCheckTest::denseAllBiases,
                        () -> dense(settings().weightDecay(0.01, true), tanh()),
                        () -> dense(settings(), tanh()),
                        CLASSES)
                .targets("0", "1")
                .trained("0_b", "1_b", "2_W", "2_b")
                .weightDecay(0.02)
                .verify();
    }

    @Test
    void aWrongScaleIsNoticed() {
        StepCheck check = check(GradientCheckTest::denseNoBias, () -> dense(settings(), tanh()), CLASSES)
                .targets("0", "1")
                .trained("2_W", "2_b")
                .scale(4.001);
        assertThrows(AssertionError.class, check::verify);
    }

    @ParameterizedTest
    @EnumSource(
            value = GradientNormalization.class,
            names = {"None"},
            mode = EnumSource.Mode.EXCLUDE)
    void gradientNormalisation(GradientNormalization normalization) {
        double threshold = 0.05;
        check(
                        GradientCheckTest::denseAllBiases,
                        () -> dense(
                                settings()
                                        .gradientNormalization(normalization)
                                        .gradientNormalizationThreshold(threshold)
                                        .l2(0.01),
                                tanh()),
                        () -> dense(settings(), tanh()),
                        CLASSES)
                .targets("0", "1")
                .trained("0_b", "1_b", "2_W", "2_b")
                .l1l2(0, 0.01, 0, 0)
                .normalised(normaliser(normalization, threshold))
                .verify();
    }

    /** DL4J's documentation of {@link GradientNormalization}, over what each layer trains. */
    private static UnaryOperator<Map<String, INDArray>> normaliser(GradientNormalization how, double threshold) {
        return gradients -> {
            Map<String, Double> squaresOfLayer = new LinkedHashMap<>();
            gradients.forEach((key, gradient) -> squaresOfLayer.merge(
                    key.substring(0, 1), Math.pow(gradient.norm2Number().doubleValue(), 2), Double::sum));
            gradients.forEach((key, gradient) -> {
                double ofLayer = Math.sqrt(squaresOfLayer.get(key.substring(0, 1)));
                double own = gradient.norm2Number().doubleValue();
                switch (how) {
                    case RenormalizeL2PerLayer -> gradient.divi(ofLayer);
                    case RenormalizeL2PerParamType -> gradient.divi(own);
                    case ClipElementWiseAbsoluteValue -> {
                        for (long i = 0; i < gradient.length(); i++) {
                            double entry = gradient.getDouble(i);
                            gradient.putScalar(i, Math.max(-threshold, Math.min(threshold, entry)));
                        }
                    }
                    case ClipL2PerLayer -> gradient.muli(Math.min(1, threshold / ofLayer));
                    case ClipL2PerParamType -> gradient.muli(Math.min(1, threshold / own));
                    default -> throw new AssertionError(how);
                }
            });
            return gradients;
        };
    }

    /** The differences themselves: with everything trained in full they must be what stock DL4J computes. */
    @Test
    void theStockNetworkAgreesWithItsDifferences() {
        MultiLayerNetwork network = initialised(dense(settings(), tanh()));
        INDArray before = network.params().dup();
        network.fit(CLASSES);
        INDArray step = before.sub(network.params()).divi(RATE);
        network.params().assign(before);
        double h = 1e-4;
        for (long i = 0; i < before.length(); i += 7) {
            network.params().putScalar(i, before.getDouble(i) + h);
            double above = network.score(CLASSES, false);
            network.params().putScalar(i, before.getDouble(i) - h);
            double below = network.score(CLASSES, false);
            network.params().putScalar(i, before.getDouble(i));
            assertEquals((above - below) / (2 * h), step.getDouble(i), 1e-7);
        }
    }
}
