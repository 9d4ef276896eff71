package org.lowrank4j.engine;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.TrainingConfig;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.layers.feedforward.dense.DenseLayer;
import org.deeplearning4j.nn.params.DefaultParamInitializer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.gradient.GradientApproximation;
import org.lowrank4j.gradient.NetworkGradient;
import org.lowrank4j.initialisation.Initialisation;
import org.lowrank4j.loss.TrainingLoss;
import org.lowrank4j.method.Methods;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.rule.Plan;
import org.lowrank4j.rule.Plan.LayerPlan;
import org.lowrank4j.rule.Plan.Role;
import org.lowrank4j.rule.Plan.TargetSettings;
import org.lowrank4j.update.ExtraPasses;
import org.lowrank4j.update.LoraPlusRate;
import org.lowrank4j.update.LowRankUpdate;
import org.lowrank4j.update.SidePath;
import org.lowrank4j.update.NetworkUpdate;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TargetWeight;
import org.lowrank4j.update.TrainedTensor;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.IUpdater;

/**
 * Makes a {@link Session} of a plan: attaches the methods to their weights, lays out the compact gradient vector and
 * decides how each layer's gradient views are set.
 *
 * <p>The vector holds, layer by layer in parameter order, the tensors of the adapter, a trained bias, or all parameters
 * of a layer that is trained in full. Frozen weights have no place in it. A frozen layer that the engine cannot stand in
 * for, but whose backward pass is needed for the layers below, writes its gradients into one scratch array that all such
 * layers share.
 */
final class SessionBuilder {

    private static final String WEIGHT = DefaultParamInitializer.WEIGHT_KEY;
    private static final String BIAS = DefaultParamInitializer.BIAS_KEY;

    final Plan asked;
    final Plan plan;
    final Map<String, Integer> ranks;
    final DataType type;
    final INDArray gradient;
    final List<Session.Fitting> fittings = new ArrayList<>();
    final List<Session.Run> trainedInPlace = new ArrayList<>();
    final List<Session.SegmentTarget> targets = new ArrayList<>();
    final List<Segment> segments = new ArrayList<>();
    final List<INDArray> dividedByMinibatch = new ArrayList<>();
    final Set<String> trainedLayers = new LinkedHashSet<>();
    final Set<String> scratchPrefixes = new LinkedHashSet<>();
    final @Nullable Starts starts;
    final List<AdaptedLayer> adaptedLayers = new ArrayList<>();
    final boolean constrained;
    final Map<String, Set<String>> trainedOfAdapted = new LinkedHashMap<>();
    final boolean minibatch;
    final StepState step = new StepState();
    final Deferral deferral = new Deferral();
    final @Nullable WholeGradient wholeGradient;
    /** Grows while the builder finds what looks at the gradient as a whole. */
    MethodMemory methodMemory;

    final List<ReplacedLoss> replacedLosses = new ArrayList<>();
    final @Nullable JointUpdate jointUpdate;
    final List<ExtraPasses> extraPasses = new ArrayList<>();

    final ObservedInputs inputs;
    private final TargetWeights targetWeights;
    private final Methods methods;
    private final NetworkParts network;
    private final List<Part> parts;
    private final boolean[] needsEpsilon;
    private final INDArray parameters;
    private final @Nullable INDArray scratch;
    private final boolean outputsMayBeOverwritten;
    private long offset;

    /** A session that starts its adapters at its first step, with what was learned of its layers' inputs. */
    static SessionBuilder starting(Plan asked, NetworkParts network, Methods methods, ObservedInputs inputs) {
        return new SessionBuilder(asked, network, methods, inputs, new Starts());
    }

    /** A session whose adapters will be restored, with the ranks that they had; or that is only planned. */
    static SessionBuilder resuming(Plan asked, NetworkParts network, Methods methods, Map<String, Integer> ranks) {
        return new SessionBuilder(asked, network, methods, new ObservedInputs(Map.of(), ranks, 0), null);
    }

    private SessionBuilder(
            Plan asked, NetworkParts network, Methods methods, ObservedInputs inputs, @Nullable Starts starts) {
        this.asked = asked;
        this.inputs = inputs;
        this.starts = starts;
        this.network = network;
        ranks = inputs.ranks();
        Plan ranked = asked.withRanks(ranks);
        targetWeights = new TargetWeights(ranked, network);
        this.methods = methods;
        type = network.dataType();
        minibatch = network.configuration().isMiniBatch();
        parts = network.parts();
        plan = replaceLosses(ranked);
        parameters = network.parameters();
        methodMemory = MethodMemory.of(plan, parts, targetWeights, methods).require(plan);
        List<@Nullable TargetUpdate> updates = attachUpdates();
        boolean[] trained = new boolean[parts.size()];
        long length = 0;
        for (int i = 0; i < trained.length; i++) {
            long size = compactLength(plan.layers().get(i), parts.get(i), updates.get(i));
            trained[i] = size > 0;
            length += size;
        }
        if (length == 0) {
            throw new LowRankException("The rule (" + plan.rule().source() + ") leaves nothing to train.");
        }
        needsEpsilon = network.needsEpsilon(parts, trained);
        outputsMayBeOverwritten = parts.stream()
                .map(Part::layer)
                .anyMatch(layer -> layer != null && layer.conf().getLayer().getIDropout() != null);
        constrained = parts.stream()
                .map(Part::layer)
                .anyMatch(layer -> layer != null && layer.conf().getLayer().getConstraints() != null);
        gradient = Nd4j.create(type, length);
        scratch = scratch();
        for (int i = 0; i < parts.size(); i++) {
            layOut(i, parts.get(i), plan.layers().get(i), updates.get(i));
        }
        for (ReplacedLoss loss : replacedLosses) {
            fitWithLoss(loss);
        }
        divideRunsTogether();
        wholeGradient = wholeGradient();
        jointUpdate = jointUpdate();
        for (Session.SegmentTarget target : targets) {
            ExtraPasses extra = target.update().extraPasses();
            if (extra != null && extraPasses.stream().noneMatch(one -> one == extra)) {
                if (extra.learnsFromOutputs()) {
                    OwnAnswers.requireDistributions(target.layer(), plan.rule(), network);
                }
                extraPasses.add(extra);
            }
        }
    }

    Session build() {
        return new Session(this);
    }

    /** The plan, with a warning for each output layer that keeps its own loss although the rule names another. */
    private Plan replaceLosses(Plan planned) {
        Plan warned = planned;
        String name = planned.rule().loss();
        TrainingLoss loss = methods.loss(name, planned.rule().source());
        if (loss == null) {
            return warned;
        }
        List<String> refusals = new ArrayList<>();
        for (Part part : parts) {
            if (part.shape().output()) {
                String refusal = ReplacedLoss.refusal(loss, part);
                if (refusal == null) {
                    replacedLosses.add(new ReplacedLoss(part.shape().name(), step, loss));
                } else {
                    refusals.add("output layer '" + part.shape().name() + "': " + refusal);
                }
            }
        }
        if (replacedLosses.isEmpty()) {
            throw new LowRankException("loss=" + name + " (" + planned.rule().source()
                    + ") can stand for the loss of no output layer. " + String.join("; ", refusals)
                    + ". Set loss=" + Methods.STOCK_LOSS + ", or give the layer a loss that can be replaced.");
        }
        for (String refusal : refusals) {
            warned = warned.withWarning("loss=" + name + " leaves an output layer its own loss. " + refusal + ".");
        }
        return warned;
    }

    private List<@Nullable TargetUpdate> attachUpdates() {
        List<@Nullable TargetUpdate> updates = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            LayerPlan layer = plan.layers().get(i);
            updates.add(layer.role() == Role.TARGET ? attach(layer, parts.get(i)) : null);
        }
        return updates;
    }

    private TargetUpdate attach(LayerPlan layer, Part part) {
        TargetWeight target = targetWeights.of(layer, part);
        LowRankUpdate update =
                methods.update(layer.settings().update(), plan.rule().source());
        GradientApproximation approximation =
                methods.gradient(layer.settings().gradient(), plan.rule().source());
        TargetUpdate exact = update.attach(target);
        TargetUpdate approximated = approximation.approximate(exact, target);
        if (update.movesNetwork() && approximated != exact) {
            throw refused(update, approximation);
        }
        return approximated;
    }

    private LowRankException refused(LowRankUpdate update, GradientApproximation approximation) {
        return new LowRankException("gradient=" + approximation.name() + " with update=" + update.name() + " ("
                + plan.rule().source()
                + ") is refused: the update moves the whole network at once by its plain gradient."
                + " Leave out gradient, or use an update that moves layer by layer.");
    }

    private static long compactLength(LayerPlan layer, Part part, @Nullable TargetUpdate update) {
        if (layer.role() == Role.TRAIN) {
            return part.shape().parameterCount();
        }
        long length = layer.trainBias() ? part.shape().parameters().getOrDefault(BIAS, 0L) : 0;
        if (update != null) {
            length += update.tensors().stream().mapToLong(TrainedTensor::length).sum();
        }
        return length;
    }

    /** Memory for the gradients of frozen layers whose backward pass only passes epsilon on. */
    private @Nullable INDArray scratch() {
        boolean[] reached = network.reached(parts);
        long largest = 0;
        for (int i = 0; i < parts.size(); i++) {
            if (borrowsBackprop(i, parts.get(i)) && reached[i] && needsEpsilon[i]) {
                largest = Math.max(largest, parts.get(i).shape().parameterCount());
                scratchPrefixes.add(stockKey(i));
            }
        }
        return largest == 0 ? null : Nd4j.create(type, largest);
    }

    private boolean borrowsBackprop(int index, Part part) {
        return plan.layers().get(index).role() == Role.FROZEN && part.shape().parameterCount() > 0 && !standsIn(part);
    }

    /** Whether an {@link AdaptedLayer} runs this layer's passes: not with weight noise, whose noisy W only DL4J knows. */
    private static boolean standsIn(Part part) {
        Layer layer = part.layer();
        return NetworkParts.adaptable(layer)
                && layer instanceof BaseLayer<?> base
                && base.layerConf().getWeightNoise() == null;
    }

    /** The layer's prefix in DL4J's gradient maps. */
    private String stockKey(int index) {
        return network instanceof MultiLayerParts
                ? String.valueOf(index)
                : parts.get(index).shape().name();
    }

    private void layOut(int index, Part part, LayerPlan layer, @Nullable TargetUpdate update) {
        if (layer.role() == Role.TRAIN) {
            fittings.add(trainInFull(part));
        } else if (standsIn(part)) {
            fittings.add(standIn(index, part, layer, update));
        } else if (scratch != null && scratchPrefixes.contains(stockKey(index))) {
            INDArray views = slice(scratch, 0, part.shape().parameterCount());
            fittings.add(fitted -> set(fitted, views));
        } else {
            fittings.add(Session.Fitting.NONE);
        }
    }

    /** Puts the loss into its layer whenever the layer's gradient views are set. */
    private void fitWithLoss(ReplacedLoss loss) {
        for (int i = 0; i < parts.size(); i++) {
            if (parts.get(i).shape().name().equals(loss.layer())) {
                Session.Fitting fitting = fittings.get(i);
                fittings.set(i, fitted -> {
                    fitting.apply(fitted);
                    if (fitted.layer() instanceof BaseLayer<?> base) {
                        AdaptedGradients.replaceLoss(base, loss);
                    }
                });
            }
        }
    }

    private Session.Fitting trainInFull(Part part) {
        long count = part.shape().parameterCount();
        if (count == 0) {
            return Session.Fitting.NONE;
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
        trainedInPlace.add(new Session.Run(slice(parameters, part.offset(), part.offset() + count), views));
        return fitted -> set(fitted, views);
    }

    private static boolean isVector(Part part, String parameter) {
        INDArray array = part.parameters().get(parameter);
        return array != null && (array.rank() < 2 || array.size(0) == 1 && array.rank() == 2);
    }

    private Session.Fitting standIn(int index, Part part, LayerPlan layer, @Nullable TargetUpdate update) {
        long start = offset;
        List<Segment.Trained> trained = new ArrayList<>();
        List<INDArray> tensorViews = new ArrayList<>();
        if (update != null) {
            for (TrainedTensor tensor : update.tensors()) {
                INDArray view = take(tensor.length()).reshape(tensor.order(), tensor.shape());
                tensorViews.add(view);
                // The session keeps this function: it must not hold the builder, which holds the network.
                UnaryOperator<IUpdater> rate = rate(tensor.outputSide());
                UnaryOperator<IUpdater> derivation = users -> update.updater(tensor, rate.apply(users));
                trained.add(new Segment.Trained(tensor.name(), tensor.value(), view, WEIGHT, derivation, true, true));
            }
        }
        INDArray biasView = biasView(part, layer, trained);
        Map<String, INDArray> viewsByName = new LinkedHashMap<>();
        if (biasView != null) {
            viewsByName.put(BIAS, biasView);
        }
        INDArray own = offset > start ? slice(gradient, start, offset) : Nd4j.empty(type);
        INDArray[] tensorArray = tensorViews.toArray(INDArray[]::new);
        if (update != null) {
            String name = part.shape().name();
            targets.add(new Session.SegmentTarget(
                    name, update, tensorArray, part.trainable().getConfig().getRegularizationByParam(WEIGHT)));
        }
        trainedOfAdapted.put(part.shape().name(), trainedParameters(layer, update, biasView != null));
        Segment segment = offset > start ? add(part, own, trained, update != null && update.movesUpdaterState()) : null;
        SidePath sidePath = sidePath(part, update);
        if (sidePath != null) {
            deferral.add(sidePath);
        }
        AdaptedLayer adapted = new AdaptedLayer(
                part.shape().name(),
                step,
                deferral,
                segment,
                update,
                sidePath,
                tensorArray,
                biasView,
                needsEpsilon[index],
                outputsMayBeOverwritten);
        adaptedLayers.add(adapted);
        if (update != null && starts != null) {
            starts.add(start(layer, part, update, adapted));
        }
        return fitted -> {
            if (fitted.layer() instanceof BaseLayer<?> base) {
                AdaptedGradients views = new AdaptedGradients(adapted);
                views.putAll(viewsByName);
                Dl4jInternals.gradientViews(base, views, own);
            }
        };
    }

    /** Only where all of the layer's products with W are ours: an output layer multiplies in DL4J's own forward pass. */
    private static @Nullable SidePath sidePath(Part part, @Nullable TargetUpdate update) {
        return update != null && part.layer() instanceof DenseLayer ? update.sidePath() : null;
    }

    /** The layer's own parameters that train; W is among them only where it is trained itself, not through factors. */
    private Set<String> trainedParameters(LayerPlan layer, @Nullable TargetUpdate update, boolean bias) {
        Set<String> trained = new LinkedHashSet<>();
        if (update != null
                && methods.update(layer.settings().update(), plan.rule().source())
                        .trainsWeight()) {
            trained.add(WEIGHT);
        }
        if (bias) {
            trained.add(BIAS);
        }
        return trained;
    }

    private @Nullable INDArray biasView(Part part, LayerPlan layer, List<Segment.Trained> trained) {
        Long length = part.shape().parameters().get(BIAS);
        INDArray bias = part.parameters().get(BIAS);
        if (!layer.trainBias() || length == null || bias == null) {
            return null;
        }
        INDArray view = take(length).reshape(bias.ordering(), bias.shape());
        trained.add(new Segment.Trained(BIAS, bias, view, BIAS, rate(true), true, false));
        trainedInPlace.add(new Session.Run(bias, view));
        return view;
    }

    private PendingStart start(LayerPlan layer, Part part, TargetUpdate update, AdaptedLayer adapted) {
        String name = layer.settings().initialisation();
        Initialisation initialisation =
                name.isEmpty() ? null : methods.initialisation(name, plan.rule().source());
        return new PendingStart(
                initialisation,
                update,
                targetWeights.of(layer, part),
                adapted,
                network.learningRate(part),
                inputs.of(part.shape().name()));
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
        trained.stream().filter(Segment.Trained::divided).forEach(one -> dividedByMinibatch.add(one.gradient()));
        return segment;
    }

    /** One division for the whole vector unless running statistics are in it, whose "gradients" are no sums. */
    private void divideRunsTogether() {
        long divided = dividedByMinibatch.stream().mapToLong(INDArray::length).sum();
        if (divided == gradient.length()) {
            dividedByMinibatch.clear();
            dividedByMinibatch.add(gradient);
        }
    }

    /** Of the gradient approximation that all targets have in common, if it looks at the gradient as a whole. */
    private @Nullable WholeGradient wholeGradient() {
        List<TargetSettings> settings = targetSettings();
        for (TargetSettings one : settings) {
            GradientApproximation approximation =
                    methods.gradient(one.gradient(), plan.rule().source());
            long entries = JointVector.length(dividedByMinibatch);
            OptionValues options = new OptionValues(approximation, one.options());
            NetworkGradient ofNetwork = approximation.ofNetwork(entries, type, options);
            if (ofNetwork == null) {
                continue;
            }
            methodMemory = methodMemory.plus(
                    approximation.networkBytes(entries, type, options), "a whole network: " + approximation.name());
            for (TargetSettings other : settings) {
                if (!other.gradient().equals(one.gradient()) || !other.options().equals(one.options())) {
                    throw new LowRankException(
                            "gradient=" + one.gradient() + " (" + plan.rule().source() + ") works on"
                                    + " the gradient of all layers at once, and an override gives a layer another gradient or"
                                    + " other options. Give all layers the same.");
                }
            }
            return new WholeGradient(ofNetwork, dividedByMinibatch, type);
        }
        return null;
    }

    /** Of the update that all targets have in common, if it moves the network as a whole. */
    private @Nullable JointUpdate jointUpdate() {
        List<TargetSettings> settings = targetSettings();
        for (TargetSettings one : settings) {
            LowRankUpdate update = methods.update(one.update(), plan.rule().source());
            if (!update.movesNetwork()) {
                continue;
            }
            for (TargetSettings other : settings) {
                if (!other.update().equals(one.update()) || !other.options().equals(one.options())) {
                    throw new LowRankException(
                            "update=" + one.update() + " (" + plan.rule().source() + ") moves all layers at"
                                    + " once, and an override gives a layer another update or other options. Give all layers"
                                    + " the same.");
                }
            }
            if (wholeGradient != null) {
                throw refused(
                        update, methods.gradient(one.gradient(), plan.rule().source()));
            }
            long[] sizes = JointUpdate.sizes(segments);
            OptionValues options = new OptionValues(update, one.options());
            NetworkUpdate ofNetwork =
                    update.ofNetwork(sizes, type, targetWeights.sharedSeed(update.name()), options);
            methodMemory = methodMemory.plus(
                    update.networkBytes(sizes, type, options), "a whole network: " + update.name());
            return new JointUpdate(update.name(), ofNetwork, segments, dividedByMinibatch, type);
        }
        return null;
    }

    private List<TargetSettings> targetSettings() {
        return plan.layers().stream()
                .filter(layer -> layer.role() == Role.TARGET)
                .map(LayerPlan::settings)
                .toList();
    }

    private INDArray take(long length) {
        INDArray view = slice(gradient, offset, offset + length);
        offset += length;
        return view;
    }

    private static INDArray slice(INDArray vector, long from, long to) {
        return vector.get(NDArrayIndex.interval(from, to));
    }

    private static void set(Part part, INDArray views) {
        if (part.trainable() instanceof GraphVertex vertex) {
            vertex.setBackpropGradientsViewArray(views);
        } else if (part.layer() != null) {
            part.layer().setBackpropGradientsViewArray(views);
        }
    }
}
