package org.lowrank4j.engine;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.blas.OneDnn;
import org.lowrank4j.gradient.ExactGradient;
import org.lowrank4j.initialisation.Initialisation;
import org.lowrank4j.method.Kept;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.report.PlanReport;
import org.lowrank4j.rule.Plan;
import org.lowrank4j.rule.Plan.Target;
import org.lowrank4j.rule.Plan.TargetSettings;
import org.lowrank4j.update.ExtraPasses;
import org.lowrank4j.update.TrainedTensor;
import org.lowrank4j.updater.ChosenUpdater;
import org.lowrank4j.updater.RateOfRule;
import org.lowrank4j.updater.Updater;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.IUpdater;

/**
 * What a plan makes of one network: its methods attached to their weights, and everything that a step works on. Nothing of
 * the network is changed yet. Holds neither the network nor a layer, for it is held by what the network holds.
 *
 * @param plan with the ranks that it is done with
 * @param convolutions what computes those of the layers whose passes lowrank4j runs; null if there are none
 * @param trainedLayers names of the layers that something trains in
 * @param holdsStill whether frozen layers would set something by themselves in a backward pass
 * @param minibatch whether gradients are divided by the number of examples
 * @param step shared by the layers
 * @param deferral shared by the layers
 * @param whole an approximation of the gradient of the whole network, null for none
 * @param extraPasses what targets do besides the step's own passes
 * @param average of what is trained, null for none
 * @param memory of the methods
 */
record FittedNetwork(
        Plan plan,
        CompactGradient gradient,
        List<AdaptedMatrix> matrices,
        HookedLayers layers,
        @Nullable String convolutions,
        Updaters updaters,
        Resumption resumption,
        Constraints constraints,
        Set<String> trainedLayers,
        boolean holdsStill,
        boolean minibatch,
        StepState step,
        Deferral deferral,
        @Nullable WholeGradient whole,
        List<ExtraPasses> extraPasses,
        @Nullable AveragedWeights average,
        MethodMemory memory) {

    /**
     * Fits a network out.
     *
     * @param asked with the ranks of the rule
     * @param ranks by target, where others were found
     * @param starts to be filled with the starts of the targets
     * @param inputs for them
     * @throws LowRankException if the plan cannot be met
     */
    static FittedNetwork of(
            Plan asked, NetworkParts network, Methods methods, ObservedInputs inputs, @Nullable Starts starts) {
        try {
            return fitted(asked, network, methods, inputs, starts);
        } catch (LowRankException refused) {
            throw asked.rule().withSources(refused);
        }
    }

    /** To go on with a saved state, with the ranks that it has, or only to be looked at. */
    static FittedNetwork of(Plan asked, NetworkParts network, Methods methods, Map<String, Integer> ranks) {
        return of(asked, network, methods, new ObservedInputs(Map.of(), ranks, 0), null);
    }

    private static FittedNetwork fitted(
            Plan asked, NetworkParts network, Methods methods, ObservedInputs inputs, @Nullable Starts starts) {
        List<Part> parts = network.parts();
        DataType type = network.dataType();
        StepState step = new StepState();
        Deferral deferral = new Deferral(TakenWeights.of(network));
        Plan ranked = asked.withRanks(inputs.ranks());
        List<ReplacedLoss> losses = ReplacedLoss.of(ranked, parts, methods);
        Plan plan = UselessIfFrozen.warned(ReplacedLoss.warned(ranked, parts, methods), parts);
        Kept ofNetwork = new Kept("the network", type);
        Updater updater = methods.updater(plan.rule().updater(), plan.rule().source());
        UnaryOperator<IUpdater> chosen = inPlaceOfConfigured(updater, plan, ofNetwork);
        MethodMemory memory = MethodMemory.of(plan, network, methods, chosen).require(plan);
        TargetWeights weights = new TargetWeights(plan, network, Kept::new);
        Map<String, Attached> attached = Attached.all(plan, parts, weights, methods);
        Places places = new Places(plan, network, parts, attached, step, chosen);
        Fittings fittings = new Fittings(plan, network, parts, places, losses, step, deferral);
        CompactGradient gradient = fittings.gradient();
        HookedLayers layers = fittings.layers();
        String convolutions = layers.convolutions(type);
        WholeGradient whole = WholeGradient.of(plan, methods, gradient.sums(), type, ofNetwork);
        if (whole == null) {
            requireTargets(plan, methods);
        }
        JointUpdate joint = JointUpdate.of(plan, methods, weights, places.segments(), gradient.sums(), ofNetwork);
        Updaters updaters =
                new Updaters(places.segments(), gradient.vector(), joint, updater != null && updater.ofWholeNetwork());
        if (starts != null) {
            addStarts(starts, plan, network, attached, places.matrices(), methods, inputs);
        }
        return new FittedNetwork(
                plan,
                gradient,
                places.matrices(),
                layers,
                convolutions,
                updaters,
                new Resumption(asked, inputs.ranks(), places.matrices(), ofNetwork, updaters, type),
                places.constraints(),
                places.layers(),
                SetByItself.anyFrozen(parts, plan),
                network.configuration().isMiniBatch(),
                step,
                deferral,
                whole,
                extraPasses(places.matrices(), plan, network),
                AveragedWeights.of(plan, methods, places, ofNetwork),
                memory.plus(ofNetwork));
    }

    /** What puts the rule's updater and rate in the place of the network's own. */
    private static UnaryOperator<IUpdater> inPlaceOfConfigured(@Nullable Updater updater, Plan plan, Kept ofNetwork) {
        UnaryOperator<IUpdater> chosen = updater == null
                ? UnaryOperator.identity()
                : ChosenUpdater.insteadOf(updater, plan.rule().options(updater), ofNetwork);
        OptionalDouble rate = plan.rule().rate();
        return rate.isEmpty() ? chosen : users -> RateOfRule.of(chosen.apply(users), rate.getAsDouble());
    }

    /** A gradient approximation of single targets has nothing to do where the network moves without any. */
    private static void requireTargets(Plan plan, Methods methods) {
        TargetSettings joint = plan.joint();
        String source = plan.rule().source();
        if (joint != null && !(methods.gradient(joint.gradient(), source) instanceof ExactGradient)) {
            throw new LowRankException("gradient=" + joint.gradient() + " (" + source
                    + ") stands in for the gradients of targets, and this network has no layer that can be one. Leave"
                    + " out gradient.");
        }
    }

    private static void addStarts(
            Starts starts,
            Plan plan,
            NetworkParts network,
            Map<String, Attached> attached,
            List<AdaptedMatrix> matrices,
            Methods methods,
            ObservedInputs inputs) {
        Map<String, AdaptedMatrix> byKey = new LinkedHashMap<>();
        matrices.forEach(matrix -> byKey.put(matrix.key(), matrix));
        List<Part> parts = network.parts();
        for (int i = 0; i < parts.size(); i++) {
            for (Target target : plan.layers().get(i).targets()) {
                AdaptedMatrix matrix = byKey.get(target.key());
                if (matrix == null) {
                    continue;
                }
                String name = target.settings().initialisation();
                Initialisation initialisation = name == null
                        ? null
                        : methods.initialisation(name, plan.rule().source());
                starts.add(new PendingStart(
                        initialisation,
                        matrix,
                        Objects.requireNonNull(attached.get(target.key())).weight(),
                        network.learningRate(parts.get(i), target.matrix().parameter()),
                        inputs.of(target.key())));
            }
        }
    }

    private static List<ExtraPasses> extraPasses(List<AdaptedMatrix> matrices, Plan plan, NetworkParts network) {
        List<ExtraPasses> all = new ArrayList<>();
        for (AdaptedMatrix matrix : matrices) {
            ExtraPasses extra = matrix.update().extraPasses();
            if (extra != null && all.stream().noneMatch(one -> one == extra)) {
                if (extra.learnsFromOutputs()) {
                    OwnAnswers.requireDistributions(matrix.key(), plan.rule(), network);
                }
                all.add(extra);
            }
        }
        return all;
    }

    /** The values of everything that trains, in the gradient vector, which is free between steps. */
    INDArray values() {
        gradient.values();
        matrices.forEach(AdaptedMatrix::values);
        return gradient.vector();
    }

    /**
     * Moves everything that trains, and W with it by one product: the change of the weights keeps its rank. Nothing but the
     * gradient vector is written to that is not moved.
     *
     * @param values to which, where {@link #values} has just been called
     */
    void moveTo(INDArray values) {
        gradient.vector().subi(values);
        gradient.step();
        matrices.forEach(matrix -> matrix.update().move(matrix.gradients()));
    }

    /** What is done, and what it takes. */
    String report(NetworkParts network) {
        String text = PlanReport.text(plan, adapterEntries(), updaters.jointNumbers(), memory(network));
        String products = gradient.vector().dataType() == DataType.FLOAT && OneDnn.usable()
                ? "\nproducts by oneDNN " + OneDnn.found().version() + " where it is faster"
                : "";
        return text + products + (convolutions == null ? "" : "\nconvolutions by " + convolutions);
    }

    /** Trained entries of each adapter, by the target's key. */
    Map<String, Long> adapterEntries() {
        return matrices.stream()
                .collect(Collectors.toMap(
                        AdaptedMatrix::key,
                        matrix -> matrix.update().tensors().stream()
                                .mapToLong(TrainedTensor::length)
                                .sum(),
                        Long::sum,
                        LinkedHashMap::new));
    }

    /** How many numbers the updater trains in the place of all trained entries; empty if it trains the entries. */
    OptionalLong jointNumbers() {
        return updaters.jointNumbers();
    }

    /** Bytes of gradient, updater state and methods, and of the first two in full training with the same updaters. */
    PlanReport.Memory memory(NetworkParts network) {
        long parameters = 0;
        long state = 0;
        for (Part part : network.parts()) {
            for (Map.Entry<String, Long> parameter : part.shape().parameters().entrySet()) {
                parameters += parameter.getValue();
                state += part.trainable()
                        .getConfig()
                        .getUpdaterByParam(parameter.getKey())
                        .stateSize(parameter.getValue());
            }
        }
        int width = network.dataType().width();
        return new PlanReport.Memory(
                updaters.gradientBytes(),
                updaters.stateBytes(),
                parameters * width,
                state * width,
                memory.bytes(),
                memory.most());
    }
}
