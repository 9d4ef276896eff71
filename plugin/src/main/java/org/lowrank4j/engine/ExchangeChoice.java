package org.lowrank4j.engine;

import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.deeplearning4j.optimize.solvers.accumulation.EncodedGradientsAccumulator;
import org.deeplearning4j.optimize.solvers.accumulation.GradientsAccumulator;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.gradient.exchange.EncodedExchange;
import org.lowrank4j.gradient.exchange.Exchange;
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

/** What the replicas of a network exchange: as its rule says, else as the wrapper's mode has it. */
final class ExchangeChoice implements Consumer<Plan> {

    private final Methods methods;
    private final @Nullable GradientsAccumulator accumulator;
    private @Nullable Exchange chosen;

    /** @param accumulator of the wrapper; null where it averages */
    ExchangeChoice(Methods methods, @Nullable GradientsAccumulator accumulator) {
        this.methods = methods;
        this.accumulator = accumulator;
    }

    /** What was chosen for the plan that was accepted. */
    Exchange exchange() {
        return Objects.requireNonNull(chosen);
    }

    /**
     * Chooses for a plan.
     *
     * @throws LowRankException if the wrapper's mode has no place for what the rule asks for, or a method of the plan would
     *     not go on alike in all replicas
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
        chosen = exchange;
    }

    private Exchange of(Rule rule) {
        Exchange standard = accumulator == null ? new FactorExchange() : new EncodedExchange();
        Exchange asked = rule.exchange()
                .map(name -> methods.exchange(name, rule.source()))
                .orElse(standard);
        String mode = null;
        if (asked instanceof ValueExchange && accumulator != null) {
            mode = "TrainingMode.AVERAGING (the wrapper shares gradients)";
        } else if (asked instanceof StepExchange && accumulator == null) {
            mode = "TrainingMode.SHARED_GRADIENTS (the wrapper averages)";
        } else if (asked instanceof GradientExchange
                && accumulator != null
                && accumulator.getClass() != EncodedGradientsAccumulator.class) {
            mode = "TrainingMode.AVERAGING or SHARED_GRADIENTS (the wrapper exchanges through a "
                    + accumulator.getClass().getSimpleName() + " of the program's)";
        }
        if (mode != null) {
            throw new LowRankException("exchange=" + asked.name() + " (" + rule.source() + ") needs " + mode
                    + ". Set that mode, or write exchange=" + standard.name() + ", or leave it out.");
        }
        return asked;
    }

    private void require(String key, Replicable method, Exchange exchange, String source) {
        if (method.replicates().contains(exchange.replication())) {
            return;
        }
        Set<String> exchanges = methods.exchanges().stream()
                .filter(other -> method.replicates().contains(other.replication()))
                .map(Method::name)
                .collect(Collectors.toCollection(TreeSet::new));
        throw new LowRankException(
                key + "=" + method.name() + " (" + source + ") cannot train on replicas with exchange="
                        + exchange.name() + ": what it keeps would differ from replica to replica. "
                        + (exchanges.isEmpty() ? "" : "It goes with exchange=" + String.join(", ", exchanges) + ". ")
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
