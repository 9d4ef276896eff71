package org.lowrank4j.engine;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.lowrank4j.Console;
import org.lowrank4j.gradient.StraightThrough;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.rule.Plan;
import org.lowrank4j.rule.Plan.Target;
import org.lowrank4j.rule.Plan.TargetSettings;
import org.lowrank4j.update.LowRankUpdate;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.WeightUpdate;

/**
 * The methods of a plan on one of its targets.
 *
 * @param weight the target, as the methods see it
 * @param update with the gradient approximation in it
 */
public record Attached(TargetWeight weight, TargetUpdate update) {

    /**
     * Attaches the methods to all targets of a plan.
     *
     * @return by the target's key, in the plan's order
     */
    static Map<String, Attached> all(Plan plan, List<Part> parts, TargetWeights weights, Methods methods) {
        String source = plan.rule().source();
        Map<String, Attached> all = new LinkedHashMap<>();
        List<String> constrained = new ArrayList<>();
        Set<String> noisy = new LinkedHashSet<>();
        for (int i = 0; i < parts.size(); i++) {
            Part part = parts.get(i);
            for (Target target : plan.layers().get(i).targets()) {
                LowRankUpdate update = methods.update(target.settings().update(), source);
                if (!target.matrix().constraints().isEmpty() && !(update instanceof WeightUpdate)) {
                    constrained.add(target.key());
                }
                if (part.hasWeightNoise()) {
                    noisy.add(part.shape().name());
                }
                TargetWeight weight = weights.of(target, part);
                all.put(target.key(), new Attached(weight, update(target.settings(), weight, methods, source)));
            }
        }
        if (!constrained.isEmpty()) {
            Console.say("constraints on W of " + String.join(", ", constrained) + " hold after every step for W"
                    + " with the adapter in it, as in stock training. So W moves in every step there, and where a"
                    + " constraint moves it, the network changes by more than s A B: no adapter of that rank can be"
                    + " extracted afterwards.");
        }
        if (!noisy.isEmpty()) {
            Console.say(
                    "weight noise of " + String.join(", ", noisy) + " falls on W with the adapter in it, as in stock"
                            + " training, and DL4J runs the passes of such layers, which takes the time that they take in stock"
                            + " training. Dropout of a layer's input does not.");
        }
        return all;
    }

    /** The methods that settings name, on one weight. */
    public static TargetUpdate update(TargetSettings settings, TargetWeight weight, Methods methods, String source) {
        LowRankUpdate update = methods.update(settings.update(), source);
        return methods.gradient(settings.gradient(), source)
                .approximate(StraightThrough.around(update.attach(weight), settings.bits(), update.factors()), weight);
    }
}
