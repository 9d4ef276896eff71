package org.lowrank4j.graph;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.lowrank4j.engine.AdapterSeed;
import org.lowrank4j.engine.Attached;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.SharedArrays;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.rule.Plan;
import org.lowrank4j.rule.Plan.Target;
import org.lowrank4j.rule.Plan.TargetSettings;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Attaches the methods of a plan to the weights of a graph, in earnest or only to measure what they take. */
final class Attaching {

    private final Plan plan;
    private final GraphShape shape;
    private final SameDiff graph;
    private final Methods methods;
    private final BiFunction<String, DataType, Kept> kept;
    private final Map<String, SharedArrays> sharedByUpdate = new HashMap<>();
    private final Map<Class<?>, Object> parts = new HashMap<>();

    /** @param kept makes what the methods of a target keep, or what only measures that, from its owner and the type */
    Attaching(Plan plan, GraphShape shape, SameDiff graph, Methods methods, BiFunction<String, DataType, Kept> kept) {
        this.plan = plan;
        this.shape = shape;
        this.graph = graph;
        this.methods = methods;
        this.kept = kept;
    }

    /** The methods on a target. */
    TargetUpdate update(Target planned, TargetWeight target) {
        TargetUpdate attached =
                Attached.update(planned.settings(), target, methods, plan.rule().source());
        if (attached.extraPasses() != null) {
            throw OnGraphs.refused(
                    "update=" + planned.settings().update()
                            + " with its options, which needs more than one pass a step,",
                    plan.rule().source());
        }
        return attached;
    }

    /** A target as its methods see it. */
    TargetWeight weight(Target planned) {
        GraphWeight weight = shape.weight(planned.key());
        INDArray matrix = weight.matrix(graph.getVariable(weight.name()).getArr());
        TargetSettings settings = planned.settings();
        return new TargetWeight(
                planned.key(),
                matrix,
                List.of(),
                settings.rank(),
                settings.alpha(),
                settings.scale(),
                seed(planned.key()),
                settings.options(),
                sharedByUpdate.computeIfAbsent(settings.update(), this::shared),
                kept.apply("layer " + planned.key(), matrix.dataType()));
    }

    private long seed(String purpose) {
        return AdapterSeed.of(
                plan.rule().seed().orElseGet(() -> Nd4j.getRandom().getSeed()),
                plan.rule().id(),
                purpose);
    }

    private SharedArrays shared(String update) {
        long inputs = 0;
        long outputs = 0;
        for (Target target : plan.targets()) {
            if (target.settings().update().equals(update)) {
                inputs = Math.max(inputs, target.matrix().inputs());
                outputs = Math.max(outputs, target.matrix().outputs());
            }
        }
        return new SharedArrays(seed("update " + update), inputs, outputs, parts);
    }
}
