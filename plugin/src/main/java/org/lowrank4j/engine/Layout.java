package org.lowrank4j.engine;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.deeplearning4j.nn.api.TrainingConfig;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.params.DefaultParamInitializer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.kind.StandIn;
import org.lowrank4j.rule.Plan;
import org.lowrank4j.rule.Plan.LayerPlan;
import org.lowrank4j.rule.Plan.Role;
import org.lowrank4j.rule.Plan.Target;
import org.lowrank4j.update.LoraPlusRate;
import org.lowrank4j.update.SidePath;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TrainedTensor;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.IUpdater;

/**
 * Lays out the compact gradient vector of a plan, and decides how each layer's gradient views are set.
 *
 * <p>The vector holds, layer by layer in parameter order, the tensors of the adapter, a trained bias, or all parameters
 * of a layer that is trained in full. Frozen weights have no place in it. A frozen layer that the engine cannot stand in
 * for, but whose backward pass is needed for the layers below, writes its gradients into one scratch array that all such
 * layers share.
 */
final class Layout {

    private static final String WEIGHT = DefaultParamInitializer.WEIGHT_KEY;

    private final Plan plan;
    private final NetworkParts network;
    private final List<Part> parts;
    private final Map<String, Attached> attached;
    private final List<ReplacedLoss> losses;
    private final StepState step;
    private final Deferral deferral;
    private final DataType type;
    private final INDArray parameters;
    private final INDArray vector;
    private final boolean[] needsEpsilon;
    private final boolean outputsMayBeOverwritten;
    /** Memory for the gradients of frozen layers whose backward pass only passes epsilon on. */
    private final @Nullable INDArray scratch;
    /** Positions of the layers that write them. */
    private final Set<Integer> borrowing = new LinkedHashSet<>();

    private final List<Fitting> fittings = new ArrayList<>();
    private final List<CompactGradient.Stretch> stretches = new ArrayList<>();
    private final List<INDArray> sums = new ArrayList<>();
    private final List<Segment> segments = new ArrayList<>();
    private final List<AdaptedMatrix> matrices = new ArrayList<>();
    private final List<AdaptedLayer> adaptedLayers = new ArrayList<>();
    private final List<WatchedLayer> watchedLayers = new ArrayList<>();
    private final Set<String> trainedLayers = new LinkedHashSet<>();
    private final Set<String> scratchKeys = new LinkedHashSet<>();
    private final Constraints constraints = new Constraints();
    private long offset;

    /**
     * @param attached the methods, by the target's key
     * @param losses of output layers whose own is replaced
     * @param step shared with the layers
     * @param deferral shared with the layers
     * @throws LowRankException if the plan leaves nothing to train
     */
    Layout(
            Plan plan,
            NetworkParts network,
            Map<String, Attached> attached,
            List<ReplacedLoss> losses,
            StepState step,
            Deferral deferral) {
        this.plan = plan;
        this.network = network;
        this.attached = attached;
        this.losses = losses;
        this.step = step;
        this.deferral = deferral;
        parts = network.parts();
        type = network.dataType();
        parameters = network.parameters();
        boolean[] trained = new boolean[parts.size()];
        long length = 0;
        for (int i = 0; i < trained.length; i++) {
            long size = compactLength(plan.layers().get(i), parts.get(i));
            trained[i] = size > 0;
            length += size;
        }
        if (length == 0) {
            throw new LowRankException("The rule (" + plan.rule().source() + ") leaves nothing to train.");
        }
        UpdaterBlocks.whole(length);
        needsEpsilon = network.needsEpsilon(parts, trained);
        outputsMayBeOverwritten = parts.stream()
                .map(Part::layer)
                .anyMatch(layer -> layer != null && layer.conf().getLayer().getIDropout() != null);
        vector = Nd4j.create(type, length);
        scratch = scratch();
        for (int i = 0; i < parts.size(); i++) {
            fittings.add(
                    withLoss(parts.get(i), layOut(i, parts.get(i), plan.layers().get(i))));
        }
    }

    CompactGradient gradient() {
        return new CompactGradient(vector, fittings, stretches, sums);
    }

    HookedLayers layers(List<ReplacedLoss> losses) {
        return new HookedLayers(adaptedLayers, watchedLayers, losses, scratchKeys);
    }

    List<Segment> segments() {
        return segments;
    }

    /** Those that a backward pass comes to, in the plan's order. */
    List<AdaptedMatrix> matrices() {
        return matrices;
    }

    /** Names of the layers with a place in the vector. */
    Set<String> trainedLayers() {
        return trainedLayers;
    }

    Constraints constraints() {
        return constraints;
    }

    private TargetUpdate update(Target target) {
        return Objects.requireNonNull(attached.get(target.key())).update();
    }

    private long compactLength(LayerPlan layer, Part part) {
        if (layer.role() == Role.TRAIN) {
            return part.shape().parameterCount();
        }
        long length = layer.vectors().stream()
                .mapToLong(name -> part.shape().parameters().getOrDefault(name, 0L))
                .sum();
        for (Target target : layer.targets()) {
            length += update(target).tensors().stream()
                    .mapToLong(TrainedTensor::length)
                    .sum();
        }
        return length;
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
        return largest == 0 ? null : Nd4j.create(type, largest);
    }

    private boolean borrowsBackprop(int index, Part part) {
        LayerPlan layer = plan.layers().get(index);
        return layer.role() != Role.TRAIN && part.shape().parameterCount() > 0 && part.standIn() == null;
    }

    /** The layer's prefix in DL4J's gradient maps. */
    private String stockKey(int index) {
        return network instanceof MultiLayerParts
                ? String.valueOf(index)
                : parts.get(index).shape().name();
    }

    private Fitting layOut(int index, Part part, LayerPlan layer) {
        if (layer.role() == Role.TRAIN) {
            constraints.whole(index, part);
            return trainInFull(part);
        }
        StandIn standIn = part.standIn();
        if (standIn != null) {
            return standIn(index, part, layer, standIn);
        }
        if (scratch != null && borrowing.contains(index)) {
            return borrow(index, part, layer, slice(scratch, 0, part.shape().parameterCount()));
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

    private Fitting trainInFull(Part part) {
        long count = part.shape().parameterCount();
        if (count == 0) {
            return Fitting.NONE;
        }
        INDArray views = take(count);
        List<Segment.Trained> trained = new ArrayList<>();
        long within = 0;
        for (Map.Entry<String, Long> parameter : part.shape().parameters().entrySet()) {
            long length = parameter.getValue();
            INDArray value = slice(parameters, part.offset() + within, part.offset() + within + length);
            INDArray its = slice(views, within, within + length);
            boolean divided = part.trainable().updaterDivideByMinibatch(parameter.getKey());
            trained.add(new Segment.Trained(
                    parameter.getKey(),
                    value,
                    its,
                    parameter.getKey(),
                    rate(divided && isVector(part, parameter.getKey())),
                    divided,
                    false));
            within += length;
        }
        add(part, views, trained, false);
        stretches.add(new CompactGradient.Stretch(slice(parameters, part.offset(), part.offset() + count), views));
        return fitted -> fitted.gradientViews(views);
    }

    private static boolean isVector(Part part, String parameter) {
        INDArray array = part.parameters().get(parameter);
        return array != null && (array.rank() < 2 || array.size(0) == 1 && array.rank() == 2);
    }

    private Fitting standIn(int index, Part part, LayerPlan layer, StandIn by) {
        Trainings trained = trainings(index, part, layer);
        AdaptedMatrix weight = trained.matrices().get(WEIGHT);
        SidePath sidePath = weight != null && part.mayLag() ? weight.update().sidePath() : null;
        if (sidePath != null) {
            deferral.add(sidePath);
        }
        AdaptedLayer adapted = new AdaptedLayer(
                part.shape().name(),
                by,
                step,
                deferral,
                trained.segment(),
                weight,
                sidePath,
                trained.vectors(),
                loss(part),
                needsEpsilon[index],
                outputsMayBeOverwritten);
        adaptedLayers.add(adapted);
        Segment segment = trained.segment();
        INDArray own = segment == null ? Nd4j.empty(type) : segment.getGradientsViewArray();
        return fitted -> {
            if (fitted.layer() instanceof BaseLayer<?> base) {
                Dl4jInternals.gradientViews(base, new AdaptedGradients(adapted, trained.vectors()), own);
            }
        };
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
        Trainings trained = trainings(index, part, layer);
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

    /**
     * What one layer trains besides being trained in full.
     *
     * @param segment null if nothing
     * @param matrices those that are adapted, by parameter
     * @param vectors views of the gradient vector, by parameter
     */
    private record Trainings(
            @Nullable Segment segment, Map<String, AdaptedMatrix> matrices, Map<String, INDArray> vectors) {}

    private Trainings trainings(int index, Part part, LayerPlan layer) {
        long start = offset;
        List<Segment.Trained> trained = new ArrayList<>();
        Map<String, AdaptedMatrix> ofLayer = new LinkedHashMap<>();
        boolean movesUpdaterState = false;
        for (Target target : layer.targets()) {
            AdaptedMatrix matrix = adapt(target, part, trained);
            ofLayer.put(target.matrix().parameter(), matrix);
            movesUpdaterState |= matrix.update().movesUpdaterState();
        }
        matrices.addAll(ofLayer.values());
        Map<String, INDArray> vectors = vectorViews(part, layer, trained);
        constraints.some(index, part, vectors.keySet(), ofLayer);
        Segment segment = offset > start ? add(part, slice(vector, start, offset), trained, movesUpdaterState) : null;
        return new Trainings(segment, ofLayer, vectors);
    }

    private AdaptedMatrix adapt(Target target, Part part, List<Segment.Trained> trained) {
        String parameter = target.matrix().parameter();
        TargetUpdate update = update(target);
        List<INDArray> views = new ArrayList<>();
        for (TrainedTensor tensor : update.tensors()) {
            INDArray view = take(tensor.length()).reshape(tensor.order(), tensor.shape());
            views.add(view);
            // The session keeps this function: it must not hold the layout, which holds the network.
            UnaryOperator<IUpdater> rate = rate(tensor.outputSide());
            UnaryOperator<IUpdater> derivation = users -> update.updater(tensor, rate.apply(users));
            trained.add(new Segment.Trained(
                    parameter.equals(WEIGHT) ? tensor.name() : parameter + "/" + tensor.name(),
                    tensor.value(),
                    view,
                    parameter,
                    derivation,
                    true,
                    true));
        }
        return new AdaptedMatrix(
                target.key(),
                step,
                update,
                views.toArray(INDArray[]::new),
                new ShownWeight(part.matrix(parameter)),
                part.trainable().getConfig().getRegularizationByParam(parameter));
    }

    /** Views of the gradient vector for the vectors that train beside other parameters, by name. */
    private Map<String, INDArray> vectorViews(Part part, LayerPlan layer, List<Segment.Trained> trained) {
        Map<String, INDArray> views = new LinkedHashMap<>();
        for (String name : layer.vectors()) {
            INDArray value = Objects.requireNonNull(part.parameters().get(name));
            INDArray view = take(value.length()).reshape(value.ordering(), value.shape());
            trained.add(new Segment.Trained(name, value, view, name, rate(true), true, false));
            stretches.add(new CompactGradient.Stretch(value, view));
            views.put(name, view);
        }
        return views;
    }

    private UnaryOperator<IUpdater> rate(boolean raised) {
        double ratio = plan.rule().loraPlusRatio();
        return raised && ratio != 1.0 ? users -> LoraPlusRate.scaled(users, ratio) : users -> users;
    }

    private Segment add(Part part, INDArray views, List<Segment.Trained> trained, boolean movesUpdaterState) {
        TrainingConfig settings = part.trainable().getConfig();
        Segment segment = new Segment(part.shape().name(), settings, views, trained, movesUpdaterState);
        segments.add(segment);
        trainedLayers.add(part.shape().name());
        trained.stream().filter(Segment.Trained::divided).forEach(one -> sums.add(one.gradient()));
        return segment;
    }

    private INDArray take(long length) {
        INDArray view = slice(vector, offset, offset + length);
        offset += length;
        return view;
    }

    private static INDArray slice(INDArray whole, long from, long to) {
        return whole.get(NDArrayIndex.interval(from, to));
    }
}
