package org.lowrank4j.engine;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.kind.Wrapped;
import org.lowrank4j.rule.Plan;
import org.lowrank4j.rule.Plan.LayerPlan;
import org.lowrank4j.rule.Plan.Role;
import org.lowrank4j.update.SidePath;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Decides who runs each layer's passes, and how its gradient views are set: its kind, where that stands in for DL4J; or DL4J,
 * which writes the gradients of what stays as it is into one scratch array that all such layers share.
 */
final class Fittings {

    private final Plan plan;
    private final NetworkParts network;
    private final List<Part> parts;
    private final Places places;
    private final List<ReplacedLoss> losses;
    private final StepState step;
    private final Deferral deferral;
    private final boolean[] needsEpsilon;
    private final boolean outputsMayBeOverwritten;
    private final @Nullable INDArray scratch;
    /** Positions of the layers that write into it. */
    private final Set<Integer> borrowing = new LinkedHashSet<>();

    private final List<Fitting> fittings = new ArrayList<>();
    private final List<AdaptedLayer> adaptedLayers = new ArrayList<>();
    private final List<WatchedLayer> watchedLayers = new ArrayList<>();
    private final Set<String> scratchKeys = new LinkedHashSet<>();

    /**
     * @param places to be given to what trains
     * @param losses of output layers whose own is replaced
     * @param step shared with the layers
     * @param deferral shared with the layers
     */
    Fittings(
            Plan plan,
            NetworkParts network,
            List<Part> parts,
            Places places,
            List<ReplacedLoss> losses,
            StepState step,
            Deferral deferral) {
        this.plan = plan;
        this.network = network;
        this.parts = parts;
        this.places = places;
        this.losses = losses;
        this.step = step;
        this.deferral = deferral;
        needsEpsilon = network.needsEpsilon(parts, places.trains());
        outputsMayBeOverwritten = parts.stream().anyMatch(Part::hasDropout);
        scratch = scratch();
        for (int i = 0; i < parts.size(); i++) {
            Part part = parts.get(i);
            fittings.add(withLoss(part, fitting(i, part, plan.layers().get(i))));
        }
    }

    CompactGradient gradient() {
        return new CompactGradient(places.vector(), fittings, places.stretches(), places.sums(), places.tensors());
    }

    HookedLayers layers() {
        return new HookedLayers(adaptedLayers, watchedLayers, losses, scratchKeys);
    }

    private @Nullable INDArray scratch() {
        boolean[] reached = network.reached(parts);
        long largest = 0;
        for (int i = 0; i < parts.size(); i++) {
            boolean wanted = needsEpsilon[i]
                    || plan.layers().get(i).trainBias()
                    || plan.layers().get(i).role() == Role.TARGET;
            if (borrowsBackprop(i, parts.get(i)) && reached[i] && wanted) {
                largest = Math.max(largest, parts.get(i).shape().parameterCount());
                borrowing.add(i);
            }
        }
        return largest == 0 ? null : Nd4j.create(network.dataType(), largest);
    }

    private boolean borrowsBackprop(int index, Part part) {
        LayerPlan layer = plan.layers().get(index);
        return layer.role() != Role.TRAIN
                && part.shape().parameterCount() > 0
                && part.stoodFor().isEmpty();
    }

    /** The layer's prefix in DL4J's gradient maps. */
    private String stockKey(int index) {
        return network instanceof MultiLayerParts
                ? String.valueOf(index)
                : parts.get(index).shape().name();
    }

    private Fitting fitting(int index, Part part, LayerPlan layer) {
        if (layer.role() == Role.TRAIN) {
            INDArray views = places.inFull(index, part);
            return views == null ? Fitting.NONE : fitted -> fitted.gradientViews(views);
        }
        List<Wrapped> stoodFor = part.stoodFor();
        if (!stoodFor.isEmpty()) {
            return standIn(index, part, layer, stoodFor);
        }
        if (scratch != null && borrowing.contains(index)) {
            INDArray shared = scratch.get(NDArrayIndex.interval(0, part.shape().parameterCount()));
            return borrow(index, part, layer, shared);
        }
        return Fitting.NONE;
    }

    /** Puts a loss into its layer whenever the layer's gradient views are set, unless its passes have it already. */
    private Fitting withLoss(Part part, Fitting fitting) {
        ReplacedLoss loss = loss(part);
        StepState running = step;
        return loss == null
                ? fitting
                : fitted -> {
                    fitting.apply(fitted);
                    if (fitted.layer() instanceof BaseLayer<?> base) {
                        AdaptedGradients.replaceLoss(base, running, loss);
                    }
                };
    }

    private @Nullable ReplacedLoss loss(Part part) {
        return losses.stream()
                .filter(loss -> loss.layer().equals(part.shape().name()))
                .findFirst()
                .orElse(null);
    }

    /** @param inside the layer, or those that it wraps, which share what trains */
    private Fitting standIn(int index, Part part, LayerPlan layer, List<Wrapped> inside) {
        Places.Trained trained = places.some(index, part, layer);
        for (AdaptedMatrix matrix : trained.matrices().values()) {
            SidePath path = matrix.sidePath();
            if (path != null) {
                deferral.add(path);
            }
        }
        boolean workedOn = Wrapped.worksOnPasses(part.trainable());
        Segment segment = trained.segment();
        AdaptedLayer[] adapted = new AdaptedLayer[inside.size()];
        for (int i = 0; i < adapted.length; i++) {
            Wrapped one = inside.get(i);
            adapted[i] = new AdaptedLayer(
                    part.shape().name(),
                    Objects.requireNonNull(part.standIn(one)),
                    step,
                    deferral,
                    i == 0 ? segment : null,
                    within(one, trained.matrices()),
                    within(one, trained.vectors()),
                    loss(part),
                    needsEpsilon[index] || workedOn,
                    outputsMayBeOverwritten || workedOn);
            adaptedLayers.add(adapted[i]);
        }
        INDArray own = segment == null ? Nd4j.empty(network.dataType()) : segment.getGradientsViewArray();
        return fitted -> {
            List<Wrapped> now = Wrapped.in(fitted.trainable());
            for (int i = 0; i < adapted.length; i++) {
                if (now.get(i).layer() instanceof BaseLayer<?> base) {
                    Dl4jInternals.gradientViews(base, new AdaptedGradients(adapted[i]), own);
                }
            }
        };
    }

    /** What belongs to one layer inside, by its own names. */
    private static <T> Map<String, T> within(Wrapped inside, Map<String, T> byParameter) {
        String prefix = inside.prefix();
        if (prefix.isEmpty()) {
            return byParameter;
        }
        Map<String, T> own = new LinkedHashMap<>();
        byParameter.forEach((name, value) -> {
            if (name.startsWith(prefix)) {
                own.put(name.substring(prefix.length()), value);
            }
        });
        return own;
    }

    /**
     * DL4J runs this layer's backward pass. What it writes for arrays that stay as they are means nothing.
     *
     * @param shared memory for the gradients of all parameters, which other layers use, too
     */
    private Fitting borrow(int index, Part part, LayerPlan layer, INDArray shared) {
        String prefix = stockKey(index) + "_";
        part.shape().parameters().keySet().forEach(name -> scratchKeys.add(prefix + name));
        if (layer.targets().isEmpty() && layer.vectors().isEmpty()) {
            return fitted -> fitted.gradientViews(shared);
        }
        Places.Trained trained = places.some(index, part, layer);
        WatchedLayer watched = new WatchedLayer(part.shape().name(), step, trained.segment());
        trained.matrices()
                .forEach((parameter, matrix) -> watched.adapt(
                        matrix, part.view(parameter, inScratch(part, parameter, shared)), prefix + parameter));
        trained.vectors().forEach((name, view) -> watched.train(inScratch(part, name, shared), view));
        watchedLayers.add(watched);
        StepState running = step;
        return fitted -> {
            fitted.gradientViews(shared);
            running.watch(fitted.layer() == null ? fitted.trainable() : fitted.layer(), watched);
        };
    }

    private static INDArray inScratch(Part part, String parameter, INDArray shared) {
        return WatchedLayer.inLayoutOf(
                Objects.requireNonNull(part.parameters().get(parameter)), part.trainable(), shared);
    }
}
