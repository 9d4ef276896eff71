package org.lowrank4j.engine;

import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.deeplearning4j.optimize.solvers.accumulation.EncodedGradientsAccumulator;
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

/** What the replicas of a network exchange: as its rule says, else as the wrapper's mode has it. */
final class ExchangeChoice {

    private ExchangeChoice() {}

    /**
     * Chooses.
     *
     * @param accumulator of the wrapper; null where it averages
     * @throws LowRankException if the wrapper's mode has no place for what the rule asks for
     */
    static Exchange of(Rule rule, Methods methods, @Nullable Object accumulator) {
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

    /** @throws LowRankException if a method of the plan would not go on alike in all replicas */
    static void require(Exchange exchange, Plan plan, Methods methods) {
        String source = plan.rule().source();
        for (Plan.TargetSettings settings : plan.allSettings()) {
            require("update", methods.update(settings.update(), source), exchange, source, methods);
            require("gradient", methods.gradient(settings.gradient(), source), exchange, source, methods);
        }
    }

    private static void require(String key, Replicable method, Exchange exchange, String source, Methods methods) {
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
