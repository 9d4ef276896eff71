package org.lowrank4j.graph;

import org.lowrank4j.LowRankException;
import org.lowrank4j.initialisation.Initialisation;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.rule.Plan;
import org.lowrank4j.rule.Plan.TargetSettings;
import org.nd4j.linalg.api.buffer.DataType;

/** What of a rule cannot be had on SameDiff graphs. */
final class OnGraphs {

    private OnGraphs() {}

    /** @throws LowRankException if there is anything */
    static void require(Plan plan, Methods methods) {
        String source = plan.rule().source();
        if (!plan.rule().loss().equals(Methods.STOCK)) {
            throw refused(
                    "loss=" + plan.rule().loss() + " stands for the loss of output layers, and a graph has none",
                    source);
        } else if (!plan.rule().updater().equals(Methods.STOCK)) {
            throw refused("updater=" + plan.rule().updater(), source);
        } else if (!plan.rule().average().equals(Methods.NONE)) {
            throw refused("average=" + plan.rule().average(), source);
        } else if (plan.joint() != null) {
            throw refused("update=" + plan.joint().update() + ", which moves the whole network,", source);
        }
        for (TargetSettings settings : plan.allSettings()) {
            String name = settings.initialisation();
            Initialisation start = name == null ? null : methods.initialisation(name, source);
            if (start != null && start.need() != Initialisation.Need.WEIGHT) {
                throw refused("init=" + name + ", which learns from batches,", source);
            }
            var gradient = methods.gradient(settings.gradient(), source);
            Kept measuring = Kept.measuring("", DataType.FLOAT);
            if (gradient.ofNetwork(1, DataType.FLOAT, new OptionValues(gradient, settings.options()), measuring)
                    != null) {
                throw refused("gradient=" + settings.gradient() + ", which looks at all gradients at once,", source);
            }
        }
    }

    /** @param source of the rule */
    static LowRankException refused(String what, String source) {
        return new LowRankException("SameDiff graphs cannot be trained as " + source + " says: " + what
                + " is for networks only as yet. Leave it out, or take another.");
    }
}
