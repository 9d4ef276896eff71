package org.lowrank4j.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.layers.LayerConstraint;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.params.DefaultParamInitializer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.update.TargetUpdate;

/**
 * The user's constraints, held at the end of every step, as stock training does: on layers that are trained in full, on
 * vectors that train, and on W of targets, which is the effective weight. A constraint that moves it moves the base; the
 * adapter stays. What is frozen is left alone.
 */
final class Constraints {

    private static final String WEIGHT = DefaultParamInitializer.WEIGHT_KEY;

    /**
     * One layer.
     *
     * @param part its index
     * @param trained the parameters to constrain; null for all of them
     * @param update of W, if that is among them
     */
    private record Held(
            int part,
            @Nullable Set<String> trained,
            @Nullable TargetUpdate update) {}

    private final List<Held> held = new ArrayList<>();

    /** A layer that is trained in full; one that wraps others keeps their constraints to itself. */
    void whole(int index, Part part) {
        if (part.layer() != null && (!(part.layer() instanceof BaseLayer) || !of(part).isEmpty())) {
            held.add(new Held(index, null, null));
        }
    }

    /**
     * A layer of which some parameters train.
     *
     * @param update of W, null if it is frozen
     */
    void some(int index, Part part, Set<String> vectors, @Nullable TargetUpdate update) {
        boolean weight = update != null && onWeight(part);
        if (weight
                || of(part).stream()
                        .anyMatch(constraint -> vectors.stream().anyMatch(concerns(constraint)::contains))) {
            List<String> trained = new ArrayList<>(vectors);
            if (update != null) {
                trained.add(WEIGHT);
            }
            held.add(new Held(index, Set.copyOf(trained), weight ? update : null));
        }
    }

    /** Whether there are constraints on the layer's W. */
    static boolean onWeight(Part part) {
        return of(part).stream().anyMatch(constraint -> concerns(constraint).contains(WEIGHT));
    }

    /** The classes of the constraints on the layer's W, for messages. */
    static List<String> namesOnWeight(Part part) {
        return of(part).stream()
                .filter(constraint -> concerns(constraint).contains(WEIGHT))
                .map(constraint -> constraint.getClass().getSimpleName())
                .toList();
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
            if (one.update() != null) {
                one.update().weightConstrained();
            }
        }
    }
}
