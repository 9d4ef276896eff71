package org.lowrank4j.engine;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.OptimizationAlgorithm;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.optimize.solvers.BaseOptimizer;
import org.deeplearning4j.optimize.stepfunctions.NegativeGradientStepFunction;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.rule.NetworkShape;
import org.lowrank4j.rule.NetworkShape.LayerShape;
import org.lowrank4j.rule.Plan;
import org.nd4j.linalg.api.buffer.DataType;

/** Why a network that a rule applies to must train as stock: what the engine cannot do right, it does not do. */
final class StockReason {

    static final String REPLICAS = "it is trained by ParallelWrapper or Spark, which is not supported";
    private static final int LISTED = 6;

    private StockReason() {}

    /** The reason that shows before planning, as a clause; null if there is none. */
    static @Nullable String before(NetworkParts network, BaseOptimizer optimizer, @Nullable Object accumulator) {
        if (optimizer.getStepFunction().getClass() != NegativeGradientStepFunction.class) {
            return "its step function is "
                    + optimizer.getStepFunction().getClass().getSimpleName()
                    + ", and only the default NegativeGradientStepFunction is supported";
        }
        if (accumulator != null) {
            return "it shares gradients through a GradientsAccumulator, which is not supported";
        }
        return of(network);
    }

    /** The reason that shows in the network itself, as a clause; null if there is none. */
    static @Nullable String of(NetworkParts network) {
        OptimizationAlgorithm algorithm = network.configuration().getOptimizationAlgo();
        if (algorithm != OptimizationAlgorithm.STOCHASTIC_GRADIENT_DESCENT) {
            return "its optimization algorithm is " + algorithm + ", and only STOCHASTIC_GRADIENT_DESCENT is supported";
        }
        if (Distributed.onStack()) {
            return REPLICAS;
        }
        if (network.dataType() != DataType.FLOAT && network.dataType() != DataType.DOUBLE) {
            return "its data type is " + network.dataType() + ", and only FLOAT and DOUBLE are supported";
        }
        if (!network.hasOutputLayers()) {
            return "it has no output layer, so its errors come from outside, which is not supported";
        }
        return pretraining(network);
    }

    /** What a network without targets has, and what to write: only an output layer can be adapted when it is named. */
    private static String nothingToAdapt(NetworkShape shape) {
        Map<String, Integer> counts = new LinkedHashMap<>();
        for (LayerShape layer : shape.layers()) {
            if (!layer.parameters().isEmpty()) {
                counts.merge(layer.type(), 1, Integer::sum);
            }
        }
        String kinds = counts.entrySet().stream()
                .limit(LISTED)
                .map(kind -> kind.getValue() + " " + kind.getKey())
                .collect(Collectors.joining(", "));
        String outputs = shape.layers().stream()
                .filter(layer -> layer.output() && layer.refusal().isEmpty() && !layer.frozen())
                .map(LayerShape::name)
                .collect(Collectors.joining(","));
        return "it has no layer to adapt (" + kinds + (counts.size() > LISTED ? ", ..." : "") + ")"
                + (outputs.isEmpty()
                        ? ", only " + NetworkParts.SUPPORTED + " can be"
                        : "; write layers=" + outputs + ",train=0.. to adapt its output and train the rest in full");
    }

    /** Whether there are layers that would be adapted, had anything trained them. */
    private static boolean isNew(Plan plan) {
        return plan.layers().stream()
                .filter(layer ->
                        layer.role() == Plan.Role.TRAIN && !layer.layer().output())
                .filter(layer -> plan.shape().random().contains(layer.layer().name()))
                .anyMatch(layer ->
                        layer.layer().refusal().isEmpty() && layer.layer().inputs() > 0);
    }

    /** The reason for a network with layerwise pretraining; null if it has none. */
    static @Nullable String pretraining(NetworkParts network) {
        for (Part part : network.parts()) {
            if (part.layer() != null && part.layer().isPretrainLayer()) {
                return "layer " + part.shape().name() + " (" + part.shape().type()
                        + ") has layerwise pretraining, which is not supported";
            }
        }
        return null;
    }

    /** The reason that shows in the plan; null if there is none. */
    static @Nullable String after(NetworkParts network, Plan plan) {
        if (plan.allSettings().isEmpty()) {
            return plan.rule().namesLayers()
                    ? "its rule names layers that another network of this program has"
                    : isNew(plan)
                            ? "every layer that could be adapted is still random, and trains in full (train=auto)"
                            : nothingToAdapt(plan.shape());
        }
        List<Part> parts = network.parts();
        for (int i = 0; i < parts.size(); i++) {
            Layer layer = parts.get(i).layer();
            Plan.Role role = plan.layers().get(i).role();
            String name = parts.get(i).shape().name();
            if (role == Plan.Role.TARGET
                    && layer instanceof BaseLayer<?> base
                    && base.layerConf().getWeightNoise() != null) {
                return "target layer " + name + " has weight noise ("
                        + base.layerConf().getWeightNoise().getClass().getSimpleName() + "), which is not supported";
            }
        }
        return null;
    }
}
