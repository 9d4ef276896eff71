package org.lowrank4j.engine;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.OptimizationAlgorithm;
import org.deeplearning4j.optimize.solvers.BaseOptimizer;
import org.deeplearning4j.optimize.stepfunctions.NegativeGradientStepFunction;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.kind.DefaultTarget;
import org.lowrank4j.kind.LayerKinds;
import org.lowrank4j.network.NetworkShape;
import org.lowrank4j.network.NetworkShape.LayerShape;
import org.lowrank4j.rule.Plan;
import org.lowrank4j.rule.Plan.LayerPlan;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** Why a network that a rule applies to must train as stock: what the engine cannot do right, it does not do. */
public final class StockReason {

    static final String SPARK = "Spark does not average its parameters, which alone trains adapters there; use"
            + " ParameterAveragingTrainingMaster, or ParallelWrapper on one machine";
    static final String ACCUMULATOR =
            "it shares gradients through a GradientsAccumulator of the program's, which is not supported";
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
            return ACCUMULATOR;
        }
        return of(network);
    }

    /** The reason that shows in the network itself, as a clause; null if there is none. */
    static @Nullable String of(NetworkParts network) {
        OptimizationAlgorithm algorithm = network.configuration().getOptimizationAlgo();
        if (algorithm != OptimizationAlgorithm.STOCHASTIC_GRADIENT_DESCENT) {
            return "its optimization algorithm is " + algorithm + ", and only STOCHASTIC_GRADIENT_DESCENT is supported";
        }
        if (Distributed.takesNetwork()) {
            return SPARK;
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
        return null;
    }

    /** Arrays of another backend than the CPU's are not where the passes of lowrank4j would read and write them. */
    public static @Nullable String backend(String name) {
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
        String named = types(shape.layers().stream()
                .filter(layer -> !layer.output()
                        && layer.byDefault() == DefaultTarget.NEVER
                        && !layer.matrices().isEmpty()
                        && !layer.frozen()));
        String adapts = !named.isEmpty()
                ? "; write layers=" + named + " to adapt what is adapted only if it is named"
                : !outputs.isEmpty()
                        ? "; write layers=" + outputs + ",train=0.. to adapt its output and train the rest in full"
                        : "";
        return "it has no layer that is adapted by default (" + kinds + (counts.size() > LISTED ? ", ..." : "") + ")"
                + adapts;
    }

    /** The layers that would be adapted, had anything trained them. */
    private static List<LayerPlan> fresh(Plan plan) {
        return plan.layers().stream()
                .filter(layer -> layer.role() == Plan.Role.TRAIN && isAdaptedByDefault(layer.layer()))
                .filter(layer -> plan.shape().random().contains(layer.layer().name()))
                .toList();
    }

    private static boolean isAdaptedByDefault(LayerShape layer) {
        return !layer.output() && layer.byDefault() != DefaultTarget.NEVER && layer.refusal() == null;
    }

    /** Why such layers train in full, and what to write to adapt them, unless it is what the rule asks for. */
    private static String stillRandom(List<LayerPlan> fresh) {
        String named = types(fresh.stream()
                .filter(layer -> layer.because().equals(Plan.STILL_RANDOM))
                .map(LayerPlan::layer));
        return "every layer that could be adapted is still random, and trains in full"
                + (named.isEmpty() ? "" : "; write layers=" + named + " to adapt it from the start");
    }

    /** Why layers are not adapted that would be by default, one clause for each type; empty if there are none. */
    private static String passedOver(Plan plan) {
        return plan.layers().stream()
                .filter(layer -> layer.role() == Plan.Role.FROZEN
                        && !layer.layer().output()
                        && layer.layer().byDefault() != DefaultTarget.NEVER
                        && !layer.layer().frozen())
                .map(layer -> layer.layer().type() + ": " + layer.because())
                .distinct()
                .limit(LISTED)
                .collect(Collectors.joining("; "));
    }

    private static String types(Stream<LayerShape> layers) {
        return layers.map(layer -> "type:" + layer.type())
                .distinct()
                .limit(LISTED)
                .collect(Collectors.joining(","));
    }

    /** The reason that shows in the plan; null if there is none. */
    public static @Nullable String after(Plan plan) {
        if (!plan.allSettings().isEmpty()) {
            return null;
        } else if (plan.rule().namesLayers()) {
            return "its rule names layers that another network of this program has";
        }
        List<LayerPlan> fresh = fresh(plan);
        if (!fresh.isEmpty()) {
            return stillRandom(fresh);
        }
        String passedOver = passedOver(plan);
        return passedOver.isEmpty()
                ? nothingToAdapt(plan.shape())
                : "none of its layers can be adapted as the rule says (" + passedOver + ")";
    }
}
