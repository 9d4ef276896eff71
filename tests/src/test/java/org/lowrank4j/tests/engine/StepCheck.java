package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.lowrank4j.kind.LayerKinds;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Compares one step of an adapted network, trained with plain Sgd in double precision, with central differences of the
 * loss of a stock network that holds the same effective weights.
 *
 * <p>With rate eta, (before - after) / eta of a trained array is its gradient as the engine made it. The differences are
 * taken in the factors: adding d to A moves the stock network's W by s d B.
 */
final class StepCheck {

    private static final double STEP = 1e-5;
    private static final double TOLERANCE = 1e-6;

    /** At most so many entries of one array are compared. */
    private static final int ENTRIES = 24;

    private final Model adapted;
    private final Runnable fit;
    private final Model stock;
    private final ToDoubleFunction<Model> dataLoss;
    private final double rate;
    private List<String> targets = List.of();
    private Set<String> trained = Set.of();
    private double scale = 4;
    private double factor = 1;
    private double l1;
    private double l2;
    private double l1OfBias;
    private double l2OfBias;
    private double decay;
    private UnaryOperator<Map<String, INDArray>> normalised = gradients -> gradients;

    /**
     * @param adapted a network with a rule, trained by Sgd
     * @param fit one step of it
     * @param stock the same network without a rule and without regularisation
     * @param dataLoss the stock network's loss on the same data, as its gradients are averaged
     * @param rate the learning rate
     */
    StepCheck(Model adapted, Runnable fit, Model stock, ToDoubleFunction<Model> dataLoss, double rate) {
        this.adapted = adapted;
        this.fit = fit;
        this.stock = stock;
        this.dataLoss = dataLoss;
        this.rate = rate;
    }

    /** The targets: the prefix of a layer's parameters for its W, prefix/parameter for other matrices. */
    StepCheck targets(String... prefixes) {
        targets = List.of(prefixes);
        return this;
    }

    /** The parameters that train in full; all others must not move. */
    StepCheck trained(String... parameters) {
        trained = Set.of(parameters);
        return this;
    }

    /** s; 4 if not given: alpha 8 over rank 2. */
    StepCheck scale(double s) {
        scale = s;
        return this;
    }

    /** What the layer's own backward pass multiplies gradients by. */
    StepCheck factor(double times) {
        factor = times;
        return this;
    }

    StepCheck l1l2(double ofWeights1, double ofWeights2, double ofBias1, double ofBias2) {
        l1 = ofWeights1;
        l2 = ofWeights2;
        l1OfBias = ofBias1;
        l2OfBias = ofBias2;
        return this;
    }

    StepCheck weightDecay(double coefficient) {
        decay = coefficient;
        return this;
    }

    /** What gradient normalisation makes of the gradients of the data loss, all layers at once. */
    StepCheck normalised(UnaryOperator<Map<String, INDArray>> normalisation) {
        normalised = normalisation;
        return this;
    }

    /** Runs one step and compares. */
    void verify() {
        Map<String, INDArray> before = snapshot();
        double loss = dataLossOfStock();
        Map<String, INDArray> expected = normalised.apply(differences(before));
        addRegularisation(expected, before);
        fit.run();
        Map<String, INDArray> after = snapshot();
        assertEquals(
                loss + regularisationLoss(before),
                adapted.score(),
                1e-9 * Math.max(1, Math.abs(loss)),
                "score() of the step");
        assertEquals(expectedKeys(), new TreeSet<>(expected.keySet()));
        expected.forEach((key, gradient) -> compare(
                key,
                isFactor(key) ? gradient.mul(factor) : gradient,
                before.get(key).sub(after.get(key)).divi(rate)));
        verifyWeights(before, after);
    }

    private void compare(String key, INDArray expected, INDArray measured) {
        double squaredError = 0;
        double squaredSize = 0;
        INDArray measuredInOrder = measured.dup('c');
        for (long i = 0; i < expected.length(); i++) {
            double wanted = expected.getDouble(i);
            if (!Double.isNaN(wanted)) {
                squaredError += Math.pow(wanted - measuredInOrder.getDouble(i), 2);
                squaredSize += wanted * wanted;
            }
        }
        assertNotEquals(0.0, squaredSize, "the gradient of " + key + " is 0, so that nothing is compared");
        double error = Math.sqrt(squaredError / squaredSize);
        assertTrue(
                error <= TOLERANCE,
                () -> key + ": relative error " + error + "\nby differences " + expected + "\nby the step " + measured);
    }

    private Set<String> expectedKeys() {
        Set<String> keys = new TreeSet<>(trained);
        targets.forEach(target -> keys.addAll(List.of(target + "/A", target + "/B")));
        return keys;
    }

    /** Adapted weights move by s (A' B' - A B), frozen parameters not by one bit. */
    private void verifyWeights(Map<String, INDArray> before, Map<String, INDArray> after) {
        Map<String, String> byParameter = new LinkedHashMap<>();
        targets.forEach(target -> byParameter.put(parameter(target), target));
        for (String key : adapted.paramTable().keySet()) {
            String target = byParameter.get(key);
            if (target != null) {
                INDArray moved = product(after, target).subi(product(before, target));
                double off = view(target, after.get(key))
                        .sub(view(target, before.get(key)))
                        .subi(moved)
                        .norm2Number()
                        .doubleValue();
                assertTrue(off <= 1e-13 * after.get(key).norm2Number().doubleValue(), key + " is off by " + off);
            } else if (!trained.contains(key)) {
                assertEquals(before.get(key), after.get(key), key + " is frozen");
                assertEquals(
                        0.0, before.get(key).sub(after.get(key)).normmaxNumber().doubleValue(), key);
            }
        }
    }

    private INDArray product(Map<String, INDArray> of, String target) {
        return of.get(target + "/A").mmul(of.get(target + "/B")).muli(scale);
    }

    private boolean isFactor(String key) {
        return !trained.contains(key);
    }

    /** The name of a target's parameter in the tables of DL4J. */
    private static String parameter(String target) {
        int slash = target.indexOf('/');
        return slash < 0 ? target + "_W" : target.substring(0, slash) + "_" + target.substring(slash + 1);
    }

    /** The matrix of a target on an array laid out as its parameter. */
    private INDArray view(String target, INDArray array) {
        String parameter = parameter(target);
        int split = parameter.lastIndexOf('_');
        String layer = parameter.substring(0, split);
        Trainable trainable = stock instanceof MultiLayerNetwork network
                ? network.getLayer(Integer.parseInt(layer))
                : ((ComputationGraph) stock).getVertex(layer);
        String name = parameter.substring(split + 1);
        return LayerKinds.matrices(trainable, Set.of(name)).get(0).view().apply(array);
    }

    /** Copies of all parameters, and of the factors as {@code LAYER/A} and {@code LAYER/B}. */
    private Map<String, INDArray> snapshot() {
        Map<String, INDArray> copies = new LinkedHashMap<>();
        adapted.paramTable().forEach((key, parameter) -> copies.put(key, parameter.dup(parameter.ordering())));
        AdapterFile.tensors(adapted).forEach((key, tensor) -> {
            if (key.startsWith("adapter/")) {
                copies.put(prefixOf(key.substring("adapter/".length())), tensor);
            }
        });
        Set<String> factors = new TreeSet<>();
        copies.keySet().stream().filter(key -> key.contains("/")).forEach(factors::add);
        Set<String> wanted = expectedKeys();
        wanted.removeAll(trained);
        assertEquals(wanted, factors, "adapters");
        return copies;
    }

    private String prefixOf(String layer) {
        return adapted instanceof MultiLayerNetwork ? layer.replaceFirst("^layer", "") : layer;
    }

    private double dataLossOfStock() {
        stock.params().assign(adapted.params());
        return dataLoss.applyAsDouble(stock);
    }

    private Map<String, INDArray> differences(Map<String, INDArray> at) {
        stock.params().assign(adapted.params());
        Map<String, INDArray> gradients = new LinkedHashMap<>();
        for (String key : trained) {
            INDArray parameter = stock.paramTable().get(key);
            gradients.put(key, differences(at.get(key), moved -> parameter.assign(moved)));
        }
        for (String target : targets) {
            INDArray weight = view(target, stock.paramTable().get(parameter(target)));
            INDArray a = at.get(target + "/A");
            INDArray b = at.get(target + "/B");
            INDArray base = view(target, at.get(parameter(target))).sub(product(at, target));
            gradients.put(
                    target + "/A",
                    differences(
                            a, moved -> weight.assign(moved.mmul(b).muli(scale).addi(base))));
            gradients.put(
                    target + "/B",
                    differences(
                            b, moved -> weight.assign(a.mmul(moved).muli(scale).addi(base))));
        }
        return gradients;
    }

    /** Central differences over every entry, or in a large array over some, with NaN for the others. */
    private INDArray differences(INDArray value, java.util.function.Consumer<INDArray> set) {
        INDArray moved = value.dup('c');
        INDArray gradient = moved.like();
        long every = 1 + (value.length() - 1) / ENTRIES;
        for (long i = 0; i < value.length(); i++) {
            if (i % every != 0) {
                gradient.putScalar(i, Double.NaN);
                continue;
            }
            double original = moved.getDouble(i);
            moved.putScalar(i, original + STEP);
            set.accept(moved);
            double above = dataLoss.applyAsDouble(stock);
            moved.putScalar(i, original - STEP);
            set.accept(moved);
            double below = dataLoss.applyAsDouble(stock);
            moved.putScalar(i, original);
            gradient.putScalar(i, (above - below) / (2 * STEP));
        }
        set.accept(value);
        return gradient;
    }

    private void addRegularisation(Map<String, INDArray> gradients, Map<String, INDArray> values) {
        gradients.forEach((key, gradient) -> {
            INDArray value = values.get(key);
            boolean bias = key.endsWith("_b");
            gradient.addi(value.mul((bias ? l2OfBias : l2) + (bias ? 0 : decay)));
            gradient.addi(
                    org.nd4j.linalg.ops.transforms.Transforms.sign(value, true).muli(bias ? l1OfBias : l1));
        });
    }

    private double regularisationLoss(Map<String, INDArray> values) {
        double sum = 0;
        for (String key : expectedKeys()) {
            INDArray value = values.get(key);
            boolean bias = key.endsWith("_b");
            double squares = Math.pow(value.norm2Number().doubleValue(), 2) / 2;
            sum += squares * ((bias ? l2OfBias : l2) + (bias ? 0 : decay));
            sum += value.norm1Number().doubleValue() * (bias ? l1OfBias : l1);
        }
        return sum;
    }
}
