package org.lowrank4j.method;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.gradient.GradientApproximation;
import org.lowrank4j.initialisation.Initialisation;
import org.lowrank4j.initialisation.InputStatistics;
import org.lowrank4j.initialisation.Start;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.update.LowRankUpdate;
import org.lowrank4j.update.Problem;
import org.lowrank4j.update.WholeNetworkUpdate;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Every option of every method is given every value that makes no sense somewhere. It is taken, or refused with its name and
 * its value; nothing else is thrown, and nothing is taken that is no value at all.
 */
class RefusedOptionsTest {

    private static final Methods METHODS = Methods.load();

    private static final List<String> VALUES = List.of(
            "",
            " ",
            "0",
            "-1",
            "1",
            "2147483647",
            "99999999999",
            "1.5",
            "-0.5",
            "NaN",
            "Infinity",
            "-Infinity",
            "1e400",
            "1e-400",
            "1e-300",
            "0x10",
            "abc",
            "yes",
            "1,2",
            "none");

    /** What no option can mean. */
    private static final List<String> NEVER = List.of("-Infinity", "abc", "1,2", "-0.5");

    /** Files are free text; whether there is one shows when it is read, and without one nothing else is. */
    private static final List<String> PATHS =
            List.of("adapter.path", "adapter.any-base", "eora.original", "loftq.original");

    record Attempt(Method method, String option, String value) {
        @Override
        public String toString() {
            return method.name() + "." + option + "=" + value;
        }
    }

    static Stream<Attempt> attempts() {
        List<Method> methods = new ArrayList<>();
        methods.addAll(METHODS.updates());
        methods.addAll(METHODS.gradients());
        methods.addAll(METHODS.initialisations());
        return methods.stream()
                .flatMap(method -> method.options().stream()
                        .filter(option -> !PATHS.contains(method.name() + "." + option.name()))
                        .flatMap(option -> VALUES.stream().map(value -> new Attempt(method, option.name(), value))));
    }

    @ParameterizedTest
    @MethodSource("attempts")
    void isTakenOrRefusedByName(Attempt attempt) {
        Map<String, String> options = new HashMap<>(
                Map.of("adalora.total-steps", "100", "mfac.window", "4", "random-subspace.dimension", "4"));
        String name = attempt.method().name() + "." + attempt.option();
        options.put(name, attempt.value());
        try {
            use(attempt.method(), options);
        } catch (LowRankException refused) {
            String message = String.valueOf(refused.getMessage());
            assertTrue(message.contains(name + "="), message);
            return;
        }
        assertTrue(!NEVER.contains(attempt.value()), "taken: " + attempt);
    }

    /** Goes as far as every option is read. */
    private static void use(Method method, Map<String, String> options) {
        Problem problem = new Problem(DataType.DOUBLE, 8, 6, 2, 1, options);
        if (method instanceof LowRankUpdate update) {
            update.attach(problem.target);
            if (update instanceof WholeNetworkUpdate whole) {
                whole.ofNetwork(
                        new long[] {48},
                        DataType.DOUBLE,
                        1,
                        problem.target.optionsOf(update),
                        new Kept("the network", DataType.DOUBLE));
            }
        } else if (method instanceof GradientApproximation gradient) {
            LowRankUpdate update = METHODS.update(gradient.defaultUpdate(), "test");
            gradient.approximate(update.attach(problem.target), problem.target);
            gradient.ofNetwork(
                    48, DataType.DOUBLE, problem.target.optionsOf(gradient), new Kept("the network", DataType.DOUBLE));
        } else if (method instanceof Initialisation initialisation) {
            start(initialisation, problem);
        }
    }

    private static void start(Initialisation initialisation, Problem problem) {
        boolean inputs = initialisation.need() == Initialisation.Need.INPUTS;
        if (initialisation.need() != Initialisation.Need.WEIGHT) {
            initialisation.batches(problem.target.optionsOf(initialisation));
        }
        if (PATHS.stream().anyMatch(path -> path.equals(initialisation.name() + ".original") && inputs)) {
            return;
        }
        if (initialisation.name().equals("adapter")) {
            return;
        }
        InputStatistics statistics = inputs ? initialisation.statistics(problem.target) : null;
        if (statistics != null) {
            statistics.observe(problem.x);
        }
        initialisation.start(new Start(
                problem.target.layer(),
                problem.target.weight(),
                problem.target.rank(),
                problem.target.alpha(),
                problem.target.scale(),
                Problem.LEARNING_RATE,
                initialisation.need() == Initialisation.Need.GRADIENT ? problem.gradientOfWeight() : null,
                statistics,
                problem.target.random(initialisation.name()),
                problem.target.optionsOf(initialisation)));
    }

    @Test
    void theDefaultsAreTaken() {
        for (LowRankUpdate update : METHODS.updates()) {
            use(update, Map.of("adalora.total-steps", "100", "random-subspace.dimension", "4"));
        }
        for (GradientApproximation gradient : METHODS.gradients()) {
            use(gradient, Map.of());
        }
    }
}
