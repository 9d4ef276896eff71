package org.lowrank4j.engine;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.deeplearning4j.nn.api.TrainingConfig;
import org.deeplearning4j.nn.params.DefaultParamInitializer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.gradient.exchange.ExchangedTensor;
import org.lowrank4j.rule.Plan;
import org.lowrank4j.rule.Plan.LayerPlan;
import org.lowrank4j.rule.Plan.Role;
import org.lowrank4j.rule.Plan.Target;
import org.lowrank4j.update.LoraPlusRate;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TrainedTensor;
import org.lowrank4j.update.WeightTarget;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.IUpdater;

/**
 * Gives everything that a plan trains its place in the compact gradient vector: layer by layer in parameter order, the
 * tensors of the adapters, trained vectors, or all parameters of a layer that is trained in full. Frozen weights have no
 * place in it.
 */
final class Places {

    private final Plan plan;
    private final Map<String, Attached> attached;
    private final StepState step;
    private final INDArray parameters;
    private final INDArray vector;
    private final boolean[] trains;
    private final UnaryOperator<IUpdater> chosen;

    private final List<CompactGradient.Stretch> stretches = new ArrayList<>();
    private final List<INDArray> sums = new ArrayList<>();
    private final List<ExchangedTensor> tensors = new ArrayList<>();
    private final List<Segment> segments = new ArrayList<>();
    private final List<AdaptedMatrix> matrices = new ArrayList<>();
    private final Set<String> layers = new LinkedHashSet<>();
    private final Constraints constraints = new Constraints();
    private long offset;

    /**
     * @param attached the methods, by the target's key
     * @param step shared with the matrices
     * @param chosen puts the rule's updater in the place of the network's own
     * @throws LowRankException if the plan leaves nothing to train
     */
    Places(
            Plan plan,
            NetworkParts network,
            List<Part> parts,
            Map<String, Attached> attached,
            StepState step,
            UnaryOperator<IUpdater> chosen) {
        this.plan = plan;
        this.attached = attached;
        this.step = step;
        this.chosen = chosen;
        parameters = network.parameters();
        trains = new boolean[parts.size()];
        long length = 0;
        for (int i = 0; i < trains.length; i++) {
            long size = length(plan.layers().get(i), parts.get(i));
            trains[i] = size > 0;
            length += size;
        }
        if (length == 0) {
            throw new LowRankException("The rule (" + plan.rule().source() + ") leaves nothing to train.");
        }
        UpdaterBlocks.whole(length);
        vector = Nd4j.create(network.dataType(), length);
    }

    /** For each part whether something of it trains. */
    boolean[] trains() {
        return trains.clone();
    }

    INDArray vector() {
        return vector;
    }

    /** What is trained in place. */
    List<CompactGradient.Stretch> stretches() {
        return stretches;
    }

    /** Views of the vector that are sums over the minibatch. */
    List<INDArray> sums() {
        return sums;
    }

    /** Everything in the vector, in its order. */
    List<ExchangedTensor> tensors() {
        return tensors;
    }

    List<Segment> segments() {
        return segments;
    }

    /** Those that a backward pass comes to, in the plan's order. */
    List<AdaptedMatrix> matrices() {
        return matrices;
    }

    /** Names of the layers with a place in the vector. */
    Set<String> layers() {
        return layers;
    }

    Constraints constraints() {
        return constraints;
    }

    private long length(LayerPlan layer, Part part) {
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

    private TargetUpdate update(Target target) {
        return Objects.requireNonNull(attached.get(target.key())).update();
    }

    /**
     * A layer of which everything trains, as DL4J trains it.
     *
     * @return views of the gradients of all its parameters; null if it has none
     */
    @Nullable INDArray inFull(int index, Part part) {
        constraints.whole(index, part);
        long count = part.shape().parameterCount();
        if (count == 0) {
            return null;
        }
        long start = offset;
        INDArray views = take(count);
        int rank = plan.allSettings().stream()
                .mapToInt(Plan.TargetSettings::rank)
                .max()
                .orElseThrow();
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
                    divided ? rate(isVector(part, parameter.getKey())) : UnaryOperator.identity(),
                    divided,
                    false));
            INDArray array = Objects.requireNonNull(part.parameters().get(parameter.getKey()));
            tensors.add(ExchangedTensor.of(
                    part.shape().name() + "/" + parameter.getKey(),
                    start + within,
                    array.ordering(),
                    array.shape(),
                    rank,
                    !divided));
            within += length;
        }
        add(part, views, trained, false);
        stretches.add(new CompactGradient.Stretch(
                part.shape().name(), slice(parameters, part.offset(), part.offset() + count), views));
        return views;
    }

    private static boolean isVector(Part part, String parameter) {
        INDArray array = part.parameters().get(parameter);
        return array != null && (array.rank() < 2 || array.size(0) == 1 && array.rank() == 2);
    }

    /**
     * What one layer trains of which not everything does.
     *
     * @param segment null if nothing
     * @param matrices those that are adapted, by parameter
     * @param vectors views of the gradient vector, by parameter
     */
    record Trained(@Nullable Segment segment, Map<String, AdaptedMatrix> matrices, Map<String, INDArray> vectors) {}

    /** A layer of which some things train. */
    Trained some(int index, Part part, LayerPlan layer) {
        long start = offset;
        List<Segment.Trained> trained = new ArrayList<>();
        Map<String, AdaptedMatrix> ofLayer = new LinkedHashMap<>();
        boolean movesUpdaterState = false;
        for (Target target : layer.targets()) {
            AdaptedMatrix matrix = adapt(target, part, layer.vectors(), trained);
            ofLayer.put(target.matrix().parameter(), matrix);
            movesUpdaterState |= matrix.update().movesUpdaterState();
        }
        matrices.addAll(ofLayer.values());
        Map<String, INDArray> vectors = vectorViews(part, layer, trained);
        constraints.some(index, part, vectors.keySet(), ofLayer);
        Segment segment = offset > start ? add(part, slice(vector, start, offset), trained, movesUpdaterState) : null;
        return new Trained(segment, ofLayer, vectors);
    }

    private AdaptedMatrix adapt(Target target, Part part, Collection<String> vectors, List<Segment.Trained> trained) {
        String parameter = target.matrix().parameter();
        TargetUpdate update = update(target);
        List<INDArray> views = new ArrayList<>();
        int rank = update instanceof WeightTarget ? target.settings().rank() : 1;
        for (TrainedTensor tensor : update.tensors()) {
            // Of W its own name, unless a vector of the layer has it, as VeRA's b and the bias.
            String name = parameter.equals(DefaultParamInitializer.WEIGHT_KEY) && !vectors.contains(tensor.name())
                    ? tensor.name()
                    : parameter + "/" + tensor.name();
            tensors.add(ExchangedTensor.of(
                    part.shape().name() + "/" + name, offset, tensor.order(), tensor.shape(), rank, false));
            INDArray view = take(tensor.length()).reshape(tensor.order(), tensor.shape());
            views.add(view);
            // The session keeps this function: it must not hold what holds the network.
            UnaryOperator<IUpdater> rate = rate(tensor.outputSide());
            UnaryOperator<IUpdater> derivation = users -> update.updater(tensor, rate.apply(users));
            trained.add(new Segment.Trained(name, tensor.value(), view, parameter, derivation, true, true));
        }
        return new AdaptedMatrix(
                target.key(),
                step,
                update,
                part.mayLag(parameter) ? update.sidePath() : null,
                views.toArray(INDArray[]::new),
                new ShownWeight(part.matrix(parameter)),
                part.trainable().getConfig().getRegularizationByParam(parameter));
    }

    /** Views of the gradient vector for the vectors that train beside other parameters, by name. */
    private Map<String, INDArray> vectorViews(Part part, LayerPlan layer, List<Segment.Trained> trained) {
        Map<String, INDArray> views = new LinkedHashMap<>();
        for (String name : layer.vectors()) {
            INDArray value = Objects.requireNonNull(part.parameters().get(name));
            String key = part.shape().name() + "/" + name;
            tensors.add(ExchangedTensor.of(key, offset, value.ordering(), value.shape(), 1, false));
            INDArray view = take(value.length()).reshape(value.ordering(), value.shape());
            trained.add(new Segment.Trained(name, value, view, name, rate(true), true, false));
            stretches.add(new CompactGradient.Stretch(key, value, view));
            views.put(name, view);
        }
        return views;
    }

    private UnaryOperator<IUpdater> rate(boolean raised) {
        double ratio = plan.rule().loraPlusRatio();
        return raised && ratio != 1.0 ? users -> LoraPlusRate.scaled(chosen.apply(users), ratio) : chosen;
    }

    private Segment add(Part part, INDArray views, List<Segment.Trained> trained, boolean movesUpdaterState) {
        TrainingConfig settings = part.trainable().getConfig();
        Segment segment = new Segment(part.shape().name(), settings, views, trained, movesUpdaterState);
        segments.add(segment);
        layers.add(part.shape().name());
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
