package org.lowrank4j.graph;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.Console;
import org.lowrank4j.LowRankException;
import org.lowrank4j.engine.FactorStart;
import org.lowrank4j.graph.GradientFunction.Wanted;
import org.lowrank4j.initialisation.Initialisation;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.network.NetworkShape.LayerShape;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.rule.Plan;
import org.lowrank4j.rule.Plan.LayerPlan;
import org.lowrank4j.rule.Plan.Role;
import org.lowrank4j.rule.Plan.Target;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.updater.RateOfRule;
import org.nd4j.autodiff.listeners.At;
import org.nd4j.autodiff.listeners.Listener;
import org.nd4j.autodiff.listeners.Loss;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.TrainingConfig;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.config.IUpdater;

/** The low-rank training of one graph. It holds arrays and names, never the graph, which holds it. */
final class GraphTraining {

    private final Plan plan;
    private final List<GraphTarget> targets = new ArrayList<>();
    private final List<String> constants = new ArrayList<>();
    /** What trains in full, with the updaters that SameDiff runs. */
    private final Map<String, GradientUpdater> full = new LinkedHashMap<>();

    private @Nullable GraphSession session;
    private boolean saidNotFinite;
    private int operations;
    private int variables;

    /**
     * Begins: adapters start, and W is as it was unless a start moves it.
     *
     * @throws LowRankException if the plan cannot be met on a graph; then nothing has changed
     */
    GraphTraining(Plan plan, GraphShape shape, SameDiff graph, Methods methods) {
        this.plan = plan;
        OnGraphs.require(plan, methods);
        Attaching attaching = new Attaching(plan, shape, graph, methods, Kept::new);
        UnaryOperator<IUpdater> chosen = chosen(plan);
        TrainingConfig configuration = graph.getTrainingConfig();
        List<Runnable> starts = new ArrayList<>();
        for (Target planned : plan.targets()) {
            GraphWeight weight = shape.weight(planned.key());
            if (graph.getVariable(weight.name()).getVariableType() == VariableType.CONSTANT) {
                constants.add(weight.name());
            }
            TargetWeight target = attaching.weight(planned);
            TargetUpdate update = attaching.update(planned, target);
            targets.add(new GraphTarget(
                    weight,
                    array(graph, weight.name()),
                    target,
                    update,
                    configuration,
                    chosen,
                    plan.rule().loraPlusRatio()));
            String name = planned.settings().initialisation();
            Initialisation start = name == null
                    ? null
                    : methods.initialisation(name, plan.rule().source());
            starts.add(start == null ? update::start : start(start, target, update, configuration));
        }
        for (String name : trainedInFull(plan, graph)) {
            full.put(name, updater(chosen.apply(configuration.getUpdater()), array(graph, name)));
        }
        starts.forEach(Runnable::run);
        seen(graph);
    }

    /** What puts the rule's rate in the place of the configuration's. */
    static UnaryOperator<IUpdater> chosen(Plan plan) {
        OptionalDouble rate = plan.rule().rate();
        return rate.isEmpty() ? UnaryOperator.identity() : users -> RateOfRule.of(users, rate.getAsDouble());
    }

    private static INDArray array(SameDiff graph, String name) {
        return graph.getVariable(name).getArr();
    }

    /** The factors are computed now, and put in force when all are. */
    private static Runnable start(
            Initialisation initialisation, TargetWeight target, TargetUpdate update, TrainingConfig configuration) {
        IUpdater users = configuration.getUpdater();
        double rate = users.hasLearningRate()
                ? users.getLearningRate(configuration.getIterationCount(), configuration.getEpochCount())
                : Double.NaN;
        Factors factors = FactorStart.compute(initialisation, target, rate, null, null);
        return () -> FactorStart.apply(factors, target, update);
    }

    /** The variables that train as they are, without those that the loss does not depend on. */
    static Set<String> trainedInFull(Plan plan, SameDiff graph) {
        Set<String> names = new LinkedHashSet<>();
        for (LayerPlan layer : plan.layers()) {
            if (layer.role() == Role.TRAIN) {
                names.add(layer.layer().name());
                names.addAll(layer.layer().vectors());
            } else {
                names.addAll(layer.vectors());
            }
        }
        names.removeIf(name -> graph.getVariable(name).getVariableType() != VariableType.VARIABLE);
        return names;
    }

    /** As SameDiff makes it. */
    private static GradientUpdater<?> updater(IUpdater configured, INDArray array) {
        long length = configured.stateSize(array.length());
        INDArray state = length == 0 ? null : Nd4j.createUninitialized(array.dataType(), 1, length);
        GradientUpdater<?> updater = configured.instantiate(state, false);
        updater.setStateViewArray(state, array.shape(), array.ordering(), true);
        return updater;
    }

    /** What is adapted, in the plan's order. */
    List<GraphTarget> targets() {
        return targets;
    }

    /** A fit begins: the gradient function is as the graph is now. */
    void fitBegins(SameDiff graph) {
        if (graph.getOps().size() != operations || graph.getVariables().size() != variables) {
            requireSameLayers(graph);
            seen(graph);
        }
        SameDiff gradients = GradientFunction.of(graph, constants);
        GraphAttachment.of(gradients).training(this);
        List<Wanted> wanted = new ArrayList<>();
        for (GraphTarget target : targets) {
            keepMemory(graph, gradients, target);
            wanted.add(GradientFunction.wanted(gradients, target));
        }
        session = new GraphSession(gradients, this, wanted);
    }

    private void seen(SameDiff graph) {
        operations = graph.getOps().size();
        variables = graph.getVariables().size();
    }

    /** What the program adds to look at a graph does not matter, what it adds to train does. */
    private void requireSameLayers(SameDiff graph) {
        List<LayerShape> now = GraphShape.of(graph).network().layers();
        if (!now.equals(plan.shape().layers())) {
            throw new LowRankException(
                    "The graph has other variables, or uses them otherwise, than when its training under"
                            + " the rule of " + plan.rule().source()
                            + " began, so that the rule may mean something else. Change a"
                            + " graph before its first fit, or save it and train the loaded one.");
        }
    }

    /** A fit ends: what its session kept can go. */
    void fitEnds() {
        session = null;
    }

    /** Where the program gave a variable another array, its values count, and the memory stays that of the adapter. */
    private static void keepMemory(SameDiff graph, SameDiff gradients, GraphTarget target) {
        String name = target.weight().name();
        INDArray present = array(graph, name);
        INDArray ours = target.array();
        if (present.data().address() != ours.data().address()) {
            ours.assign(present);
            graph.getVariable(name).setArray(ours);
            gradients.getVariable(name).setArray(ours);
        }
    }

    /** One iteration of SameDiff's, with the targets in it. */
    Loss iteration(
            TrainingConfig configuration,
            Map<String, INDArray> placeholders,
            MultiDataSet batch,
            List<String> losses,
            @Nullable List<Listener> listeners,
            At at) {
        GraphSession running = session;
        if (running == null) {
            throw new IllegalStateException("an iteration outside of fit");
        }
        boolean done = false;
        try {
            targets.forEach(target -> target.update().beforeForward(at.iteration(), at.epoch()));
            Loss loss = running.trainingIteration(
                    configuration, placeholders, full.keySet(), full, batch, losses, listeners, at);
            done = true;
            return loss;
        } finally {
            if (!done) {
                targets.forEach(target -> target.update().abandon());
            }
        }
    }

    /** All targets step, or none. */
    void step(Map<GraphTarget, List<INDArray>> gradients, TrainingConfig configuration, int iteration, int epoch) {
        boolean finite = true;
        for (Map.Entry<GraphTarget, List<INDArray>> each : gradients.entrySet()) {
            List<INDArray> made = each.getValue();
            if (made.size() == 1) {
                each.getKey().formed(made.get(0));
            } else {
                each.getKey().rows(made.get(0), made.get(1));
            }
            finite &= each.getKey().isFinite();
        }
        if (finite) {
            targets.forEach(target -> target.step(configuration, iteration, epoch));
            return;
        }
        targets.forEach(target -> target.update().abandon());
        if (!saidNotFinite) {
            saidNotFinite = true;
            Console.warn("a gradient is not finite at iteration " + iteration
                    + " of a SameDiff graph: its adapters leave out this step and others like it. What trains in full steps as"
                    + " in stock.");
        }
    }
}
