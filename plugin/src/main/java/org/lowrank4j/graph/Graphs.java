package org.lowrank4j.graph;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.Console;
import org.lowrank4j.LowRankException;
import org.lowrank4j.engine.RulesInForce;
import org.lowrank4j.engine.StockReason;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.rule.Creation;
import org.lowrank4j.rule.Plan;
import org.lowrank4j.rule.Rule;
import org.lowrank4j.rule.RuleBook;
import org.nd4j.autodiff.listeners.At;
import org.nd4j.autodiff.listeners.Listener;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.TrainingConfig;
import org.nd4j.autodiff.samediff.internal.TrainingSession;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;

/** All SameDiff graphs of the JVM, as they are made and trained: which rule applies, and what it makes of their training. */
public final class Graphs {

    private static final AtomicInteger MADE = new AtomicInteger();

    private Graphs() {}

    /** Called after a graph was made, on the stack of the code that makes it. */
    public static void made(SameDiff graph) {
        if (RulesInForce.book() != null) {
            GraphAttachment.of(graph)
                    .creation(Creation.here(() -> GraphShape.of(graph).network(), MADE.incrementAndGet()));
        }
    }

    /**
     * Called before a graph works through an iterator.
     *
     * @return the training that the fit is part of; null where it is stock's
     * @throws LowRankException if a rule applies that cannot be met; then nothing has changed
     */
    public static @Nullable Object fitBegins(SameDiff graph, Object iterator) {
        RuleBook rules = RulesInForce.book();
        if (rules == null || graph.getTrainingConfig() == null) {
            return null;
        }
        GraphAttachment attachment = GraphAttachment.of(graph);
        GraphTraining training = attachment.training();
        if (training == null && !attachment.isStock()) {
            training = begin(graph, attachment, rules);
            attachment.training(training);
        }
        if (training == null) {
            StockFault.warn(graph, iterator);
            return null;
        }
        training.fitBegins(graph);
        return training;
    }

    private static @Nullable GraphTraining begin(SameDiff graph, GraphAttachment attachment, RuleBook rules) {
        Creation here = Creation.here(() -> GraphShape.of(graph).network(), MADE.get());
        Creation made = attachment.creation();
        Optional<Rule> found;
        try {
            found = rules.ruleFor(made == null ? here : made.trainedBy(here));
        } catch (LowRankException refused) {
            found = Optional.of(Rule.refusing(refused));
        }
        if (found.isEmpty()) {
            attachment.becomeStock();
            return null;
        }
        RulesInForce.trains();
        Rule rule = found.get();
        try {
            return begin(graph, attachment, rule);
        } catch (LowRankException refused) {
            LowRankException withSources = rule.withSources(refused);
            if (!RulesInForce.reportOnly()) {
                // Whoever calls fit may swallow it.
                attachment.stop(withSources);
                throw withSources;
            }
            Console.say("mode=report: without it, training would stop. " + withSources.getMessage());
            attachment.becomeStock();
            return null;
        }
    }

    private static @Nullable GraphTraining begin(SameDiff graph, GraphAttachment attachment, Rule rule) {
        String problem = RulesInForce.weavingProblem();
        String backend = StockReason.backend(Nd4j.getBackend().getClass().getSimpleName());
        if (problem != null || backend != null) {
            return stock(attachment, rule, problem != null ? problem : String.valueOf(backend));
        }
        Methods methods = Methods.load();
        GraphShape shape = GraphShape.of(graph);
        Plan plan = rule.plan(shape.network(), methods);
        String reason = StockReason.after(plan);
        if (reason != null) {
            return stock(attachment, rule, reason);
        }
        String report = GraphReport.text(plan, shape, graph, methods);
        if (RulesInForce.reportOnly()) {
            Console.say(report);
            return stock(attachment, rule, "mode=report");
        }
        GraphTraining training = new GraphTraining(plan, shape, graph, methods);
        Console.say(report);
        return training;
    }

    private static @Nullable GraphTraining stock(GraphAttachment attachment, Rule rule, String reason) {
        String graph = "a SameDiff graph with the rule of " + rule.source();
        if (RulesInForce.mustNotBeStock()) {
            throw new LowRankException("strict=true: " + graph + " would train as stock: " + reason + ".");
        }
        attachment.becomeStock();
        Console.say(graph + " trains as stock: " + reason + ".");
        return null;
    }

    /** Called after that, also when it failed. */
    public static void fitEnds(Object training) {
        ((GraphTraining) training).fitEnds();
    }

    /** Whether a graph's own updaters, one for every variable, are not needed. */
    public static boolean keepsUpdaters(SameDiff graph) {
        GraphAttachment attachment = GraphAttachment.find(graph);
        return attachment != null && attachment.training() != null;
    }

    /**
     * Instead of an iteration of SameDiff's.
     *
     * @param gradients the gradient function
     * @return null to leave it to SameDiff
     */
    public static @Nullable Object iteration(
            Object session,
            SameDiff gradients,
            TrainingConfig configuration,
            Map<String, INDArray> placeholders,
            MultiDataSet batch,
            List<String> losses,
            @Nullable List<Listener> listeners,
            At at) {
        GraphAttachment attachment = session instanceof GraphSession || !(session instanceof TrainingSession)
                ? null
                : GraphAttachment.find(gradients);
        GraphTraining training = attachment == null ? null : attachment.training();
        return training == null ? null : training.iteration(configuration, placeholders, batch, losses, listeners, at);
    }
}
