package org.lowrank4j.engine;

import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.deeplearning4j.optimize.solvers.accumulation.EncodedGradientsAccumulator;
import org.deeplearning4j.optimize.solvers.accumulation.GradientsAccumulator;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.average.WeightAverage;
import org.lowrank4j.gradient.exchange.EncodedExchange;
import org.lowrank4j.gradient.exchange.Exchange;
import org.lowrank4j.gradient.exchange.ExchangedGradient;
import org.lowrank4j.gradient.exchange.FactorExchange;
import org.lowrank4j.gradient.exchange.GradientExchange;
import org.lowrank4j.gradient.exchange.StepExchange;
import org.lowrank4j.gradient.exchange.ValueExchange;
import org.lowrank4j.method.Method;
import org.lowrank4j.method.Replicable;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.rule.Plan;
import org.lowrank4j.rule.Rule;
import org.lowrank4j.updater.Updater;

/** What the replicas of a network exchange: as its rule says, else as whoever trains them has it. */
final class ExchangeChoice implements Consumer<Plan> {

    private final Methods methods;
    private final Exchange standard;
    private final Function<Exchange, @Nullable String> problem;
    private final String others;
    private @Nullable Exchange chosen;
    private @Nullable Function<ExchangedGradient, GradientExchange.Steps> steps;

    /**
     * @param standard where the rule asks for none
     * @param problem what another one needs, and what to do, as the rest of a sentence; null if it can be had
     * @param others where those are that it keeps from being chosen
     */
    private ExchangeChoice(
            Methods methods, Exchange standard, Function<Exchange, @Nullable String> problem, String others) {
        this.methods = methods;
        this.standard = standard;
        this.problem = problem;
        this.others = others;
    }

    /**
     * For ParallelWrapper.
     *
     * @param accumulator of the wrapper; null where it averages
     */
    static ExchangeChoice ofWrapper(Methods methods, @Nullable GradientsAccumulator accumulator) {
        return new ExchangeChoice(
                methods,
                accumulator == null ? new FactorExchange() : new EncodedExchange(),
                asked -> {
                    String mode = modeFor(asked, accumulator);
                    return mode == null ? null : "needs " + mode + ". Set that mode, or";
                },
                "");
    }

    /** For Spark that averages parameters: its workers are gone after each split, and do not know of each other. */
    static ExchangeChoice ofSpark(Methods methods) {
        return new ExchangeChoice(
                methods,
                new FactorExchange(),
                asked -> asked instanceof FactorExchange
                        ? null
                        : "cannot be had on Spark, where workers meet at the end of a split only, and bring the values of"
                                + " what they trained. Use one machine and ParallelWrapper for it, or",
                " in ParallelWrapper on one machine");
    }

    /** What was chosen for the plan that was accepted. */
    Exchange exchange() {
        return Objects.requireNonNull(chosen);
    }

    /** What makes the steps of its fit; null where it exchanges no gradients. */
    @Nullable Function<ExchangedGradient, GradientExchange.Steps> steps() {
        return steps;
    }

    /**
     * Chooses for a plan.
     *
     * @throws LowRankException if the wrapper's mode has no place for what the rule asks for, an option of it is refused, or
     *     a method of the plan would not go on alike in all replicas
     */
    @Override
    public void accept(Plan plan) {
        Exchange exchange = of(plan.rule());
        String source = plan.rule().source();
        for (Plan.TargetSettings settings : plan.allSettings()) {
            require("update", methods.update(settings.update(), source), exchange, source);
            require("gradient", methods.gradient(settings.gradient(), source), exchange, source);
        }
        Updater updater = methods.updater(plan.rule().updater(), source);
        if (updater != null) {
            require("updater", updater, exchange, source);
        }
        WeightAverage average = methods.average(plan.rule().average(), source);
        if (average != null) {
            require("average", average, exchange, source);
        }
        chosen = exchange;
        steps = exchange instanceof GradientExchange gradients
                ? gradients.steps(plan.rule().options(exchange))
                : null;
    }

    private Exchange of(Rule rule) {
        Exchange asked = rule.exchange()
                .map(name -> methods.exchange(name, rule.source()))
                .orElse(standard);
        String needs = problem.apply(asked);
        if (needs != null) {
            throw new LowRankException("exchange=" + asked.name() + " (" + rule.source() + ") " + needs
                    + " write exchange=" + standard.name() + ", or leave it out.");
        }
        return asked;
    }

    private static @Nullable String modeFor(Exchange asked, @Nullable GradientsAccumulator accumulator) {
        if (asked instanceof ValueExchange && accumulator != null) {
            return "TrainingMode.AVERAGING (the wrapper shares gradients)";
        }
        if (asked instanceof StepExchange && accumulator == null) {
            return "TrainingMode.SHARED_GRADIENTS (the wrapper averages)";
        }
        if (asked instanceof GradientExchange
                && accumulator != null
                && accumulator.getClass() != EncodedGradientsAccumulator.class) {
            return "TrainingMode.AVERAGING or SHARED_GRADIENTS (the wrapper exchanges through a "
                    + accumulator.getClass().getSimpleName() + " of the program's)";
        }
        return null;
    }

    private void require(String key, Replicable method, Exchange exchange, String source) {
        if (method.replicates().contains(exchange.replication())) {
            return;
        }
        Set<String> exchanges = methods.exchanges().stream()
                .filter(other -> method.replicates().contains(other.replication()))
                .map(Method::name)
                .collect(Collectors.toCollection(TreeSet::new));
        throw new LowRankException(key + "=" + method.name() + " (" + source
                + ") cannot train on replicas with exchange="
                + exchange.name() + ": what it keeps would differ from replica to replica. "
                + (exchanges.isEmpty() ? "" : "It goes with exchange=" + String.join(", ", exchanges) + others + ". ")
                + "exchange=" + exchange.name() + " goes with update="
                + names(methods.updates().stream(), exchange) + " and gradient="
                + names(methods.gradients().stream(), exchange) + ".");
    }

    private static String names(Stream<? extends Replicable> methods, Exchange exchange) {
        return methods.filter(method -> method.replicates().contains(exchange.replication()))
                .map(Method::name)
                .collect(Collectors.joining(", "));
    }
}
