package org.lowrank4j.engine;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.api.OptimizationAlgorithm;
import org.deeplearning4j.optimize.solvers.BaseOptimizer;
import org.deeplearning4j.optimize.stepfunctions.NegativeGradientStepFunction;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.kind.LayerKinds;
import org.lowrank4j.network.NetworkShape;
import org.lowrank4j.network.NetworkShape.LayerShape;
import org.lowrank4j.rule.Plan;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

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
        String backend = backend(Nd4j.getBackend().getClass().getSimpleName());
        if (backend != null) {
            return backend;
        }
        if (network.dataType() != DataType.FLOAT && network.dataType() != DataType.DOUBLE) {
            return "its data type is " + network.dataType() + ", and only FLOAT and DOUBLE are supported";
        }
        if (!network.outputs().stream().allMatch(LayerKinds::isOutput)) {
            return "it has no output layer, so its errors come from outside, which is not supported";
        }
        return pretraining(network);
    }

    /** Arrays of another backend than the CPU's are not where the passes of lowrank4j would read and write them. */
    static @Nullable String backend(String name) {
        return name.equals(Blas.CPU)
                ? null
                : "its arrays are those of the ND4J backend " + name + ", and only that of the CPU (nd4j-native) is"
                        + " supported";
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
                .filter(layer -> layer.output() && !layer.matrices().isEmpty() && !layer.frozen())
                .map(LayerShape::name)
                .collect(Collectors.joining(","));
        String named = shape.layers().stream()
                .filter(layer -> !layer.output()
                        && !layer.byDefault()
                        && !layer.matrices().isEmpty()
                        && !layer.frozen())
                .map(layer -> "type:" + layer.type())
                .distinct()
                .limit(LISTED)
                .collect(Collectors.joining(","));
        String adapts = !named.isEmpty()
                ? "; write layers=" + named + " to adapt what is adapted only if it is named"
                : !outputs.isEmpty()
                        ? "; write layers=" + outputs + ",train=0.. to adapt its output and train the rest in full"
                        : "";
        return "it has no layer that is adapted by default (" + kinds + (counts.size() > LISTED ? ", ..." : "") + ")"
                + adapts;
    }

    /** Whether there are layers that would be adapted, had anything trained them. */
    private static boolean isNew(Plan plan) {
        return plan.layers().stream()
                .filter(layer ->
                        layer.role() == Plan.Role.TRAIN && !layer.layer().output())
                .filter(layer -> plan.shape().random().contains(layer.layer().name()))
                .anyMatch(layer ->
                        layer.layer().byDefault() && !layer.layer().matrices().isEmpty());
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
    static @Nullable String after(Plan plan) {
        if (plan.allSettings().isEmpty()) {
            return plan.rule().namesLayers()
                    ? "its rule names layers that another network of this program has"
                    : isNew(plan)
                            ? "every layer that could be adapted is still random, and trains in full (train=auto)"
                            : nothingToAdapt(plan.shape());
        }
        return null;
    }
}
