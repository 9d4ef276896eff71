package org.lowrank4j.engine;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.layers.LayerConstraint;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.update.TargetUpdate;

/**
 * The user's constraints, held at the end of every step, as stock training does: on layers that are trained in full, on
 * vectors that train, and on targets, whose weights are the effective ones. A constraint that moves it moves the base; the
 * adapter stays. What is frozen is left alone.
 */
final class Constraints {

    /**
     * One layer.
     *
     * @param part its index
     * @param trained the parameters to constrain; null for all of them
     * @param updates of the adapted ones among them
     */
    private record Held(int part, @Nullable Set<String> trained, List<TargetUpdate> updates) {}

    private final List<Held> held = new ArrayList<>();

    /** A layer that is trained in full; one that wraps others keeps their constraints to itself. */
    void whole(int index, Part part) {
        if (part.layer() != null && (!(part.layer() instanceof BaseLayer) || !of(part).isEmpty())) {
            held.add(new Held(index, null, List.of()));
        }
    }

    /**
     * A layer of which some parameters train.
     *
     * @param matrices the adapted ones, by parameter
     */
    void some(int index, Part part, Set<String> vectors, Map<String, AdaptedMatrix> matrices) {
        Set<String> trained = new HashSet<>(vectors);
        trained.addAll(matrices.keySet());
        if (trained.stream().anyMatch(parameter -> isOn(part, parameter))) {
            List<TargetUpdate> constrained = new ArrayList<>();
            matrices.forEach((parameter, matrix) -> {
                if (isOn(part, parameter)) {
                    constrained.add(matrix.update());
                }
            });
            held.add(new Held(index, trained, constrained));
        }
    }

    /** Whether there are constraints on a parameter of the layer. */
    static boolean isOn(Part part, String parameter) {
        return of(part).stream().anyMatch(constraint -> concerns(constraint).contains(parameter));
    }

    /** The classes of the constraints on a parameter of a layer, for messages. */
    static List<String> names(@Nullable Layer layer, String parameter) {
        if (layer == null) {
            return List.of();
        }
        List<String> names = new ArrayList<>();
        for (LayerConstraint constraint : of(layer)) {
            if (concerns(constraint).contains(parameter)) {
                names.add(constraint.getClass().getSimpleName());
            }
        }
        return List.copyOf(names);
    }

    private static Set<String> concerns(LayerConstraint constraint) {
        Set<String> names = constraint.getParams();
        return names == null ? Set.of() : names;
    }

    private static List<LayerConstraint> of(Part part) {
        return part.layer() == null ? List.of() : of(part.layer());
    }

    private static List<LayerConstraint> of(Layer layer) {
        List<LayerConstraint> constraints = layer.conf().getLayer().getConstraints();
        return constraints == null ? List.of() : constraints;
    }

    /** The end of a step that counts, and of one that was left out. */
    void hold(NetworkParts network) {
        if (held.isEmpty()) {
            return;
        }
        int iteration = network.iteration();
        int epoch = network.epoch();
        List<Part> parts = network.parts();
        for (Held one : held) {
            Layer layer = parts.get(one.part()).layer();
            if (layer == null) {
                continue;
            }
            if (one.trained() == null) {
                layer.applyConstraints(iteration, epoch);
                continue;
            }
            Layer withoutFrozen = TrainedOnly.of(layer, one.trained());
            for (LayerConstraint constraint : of(layer)) {
                constraint.applyConstraint(withoutFrozen, iteration, epoch);
            }
            one.updates().forEach(TargetUpdate::weightConstrained);
        }
    }
}
