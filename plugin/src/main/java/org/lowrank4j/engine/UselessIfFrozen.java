package org.lowrank4j.engine;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.kind.LayerKind;
import org.lowrank4j.rule.Plan;
import org.lowrank4j.rule.Plan.Role;

/**
 * Layers of a type that a rule freezes although they do nothing as they are.
 *
 * @param why as a clause after the type
 */
record UselessIfFrozen(String type, String why) {

    private static final int LISTED = 8;

    /** The plan, with a warning of each kind of such layers. */
    static Plan warned(Plan plan, List<Part> parts) {
        Map<UselessIfFrozen, List<String>> found = new LinkedHashMap<>();
        for (int i = 0; i < parts.size(); i++) {
            Part part = parts.get(i);
            String why = plan.layers().get(i).role() == Role.FROZEN ? why(part) : null;
            if (why != null) {
                found.computeIfAbsent(new UselessIfFrozen(part.shape().type(), why), none -> new ArrayList<>())
                        .add(part.shape().name());
            }
        }
        Plan warned = plan;
        for (Map.Entry<UselessIfFrozen, List<String>> one : found.entrySet()) {
            warned = warned.withWarning(one.getKey().warning(one.getValue()));
        }
        return warned;
    }

    /** The names of layers that would be. */
    static Set<String> names(List<Part> parts) {
        Set<String> names = new LinkedHashSet<>();
        for (Part part : parts) {
            if (why(part) != null) {
                names.add(part.shape().name());
            }
        }
        return names;
    }

    private static @Nullable String why(Part part) {
        LayerKind kind = part.shape().frozen() ? null : part.kind();
        return kind == null || part.layer() == null ? null : kind.uselessIfFrozen(part.layer());
    }

    private String warning(List<String> layers) {
        int more = layers.size() - LISTED;
        return "frozen " + type + " " + why + ": "
                + String.join(", ", layers.subList(0, Math.min(LISTED, layers.size())))
                + (more > 0 ? " and " + more + " more" : "")
                + "; to train it, write train=type:" + type + ".";
    }
}
