package org.lowrank4j.update;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.initialisation.Initialisation;
import org.lowrank4j.kind.Formed;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.registry.Methods;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.regularization.L1Regularization;
import org.nd4j.linalg.learning.regularization.L2Regularization;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.nd4j.linalg.learning.regularization.WeightDecay;

/**
 * A matrix whose rows lie in one piece, as some layers have them, trains to the numbers that a column-major copy of it trains
 * to: with every update, every approximation of the gradient that serves it, and every start.
 */
class RowMajorTest {

    private static final Methods METHODS = Methods.load();
    private static final double TOLERANCE = 1e-9;
    private static final int RANK = 2;
    private static final double SCALE = 0.5;
    private static final Regularization[] TERMS = {
        new L1Regularization(0.01), new L2Regularization(0.02), new WeightDecay(0.03, true)
    };

    /** A weight, whose gradient comes as a layer's own backward pass has formed it, in the same order. */
    private static final class OfOrder extends Problem {

        private final char order;

        OfOrder(char order, int inputs, int outputs, Map<String, String> options) {
            super(DataType.DOUBLE, inputs, outputs, RANK, SCALE, options, order);
            this.order = order;
        }

        @Override
        WeightGradient gradient() {
            INDArray formed = gradientOfWeight().dup(order);
            assertEquals(order, formed.ordering());
            return new Formed(formed);
        }
    }

    static Stream<MeasuredMemoryTest.Choice> everything() {
        return MeasuredMemoryTest.everything().filter(RowMajorTest::serveEachOther);
    }

    private static boolean serveEachOther(MeasuredMemoryTest.Choice methods) {
        LowRankUpdate update = METHODS.update(methods.update(), "test");
        if (METHODS.gradient(methods.gradient(), "test").refusal(update).isPresent()) {
            return false;
        }
        try {
            attached(methods, new OfOrder('f', methods.inputs(), methods.outputs(), methods.options()));
            return true;
        } catch (LowRankException refusedForOptions) {
            return false;
        }
    }

    private static TargetUpdate attached(MeasuredMemoryTest.Choice methods, Problem problem) {
        TargetUpdate update = METHODS.update(methods.update(), "test").attach(problem.target);
        return METHODS.gradient(methods.gradient(), "test").approximate(update, problem.target);
    }

    @ParameterizedTest
    @MethodSource("everything")
    void trainsToTheSameNumbers(MeasuredMemoryTest.Choice methods) {
        Trained columns = trained('f', methods);
        Trained rows = trained('c', methods);
        compare("W", columns.weight(), rows.weight());
        assertEquals(columns.state().keySet(), rows.state().keySet());
        // Counters, and checksums of the memory as it lies, are whole numbers.
        columns.state().forEach((name, array) -> {
            if (array.dataType().isFPType()) {
                compare(name, array, rows.state().get(name));
            }
        });
    }

    private record Trained(INDArray weight, Map<String, INDArray> state) {}

    private static Trained trained(char order, MeasuredMemoryTest.Choice methods) {
        Problem problem = new OfOrder(order, methods.inputs(), methods.outputs(), methods.options());
        LowRankUpdate update = METHODS.update(methods.update(), "test");
        TargetUpdate state = attached(methods, problem);
        Problem.Run run = new Problem.Run(problem, state, new Adam(0.01), TERMS);
        if (update instanceof StartedUpdate started) {
            problem.start(state, METHODS.initialisation(started.defaultInitialisation(), "test"));
        } else {
            state.start();
        }
        for (int step = 0; step < 5; step++) {
            run.step(step / 3);
        }
        return new Trained(problem.target.weight(), state.kept().state());
    }

    static List<Initialisation> starts() {
        return METHODS.initialisations().stream()
                .filter(start -> start.need() != Initialisation.Need.INPUTS)
                .filter(start -> start.options().stream()
                        .noneMatch(option -> option.name().equals("path")))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("starts")
    void startsFromTheSameFactors(Initialisation start) {
        LowRankUpdate update = METHODS.updates().stream()
                .filter(one -> one instanceof StartedUpdate started
                        && started.defaultInitialisation().equals(start.name()))
                .findFirst()
                .orElse(new Lora());
        for (int[] size : new int[][] {{12, 7}, {6, 9}}) {
            Trained columns = started('f', size, update, start);
            Trained rows = started('c', size, update, start);
            compare("W", columns.weight(), rows.weight());
            columns.state()
                    .forEach((name, array) -> compare(name, array, rows.state().get(name)));
        }
    }

    private static Trained started(char order, int[] size, LowRankUpdate update, Initialisation start) {
        Problem problem = new OfOrder(order, size[0], size[1], Map.of());
        TargetUpdate state = update.attach(problem.target);
        problem.start(state, start);
        return new Trained(problem.target.weight(), state.kept().state());
    }

    private static void compare(String name, INDArray expected, INDArray actual) {
        assertArrayEquals(expected.shape(), actual.shape(), name);
        double scale = Math.max(expected.amaxNumber().doubleValue(), 1e-3);
        double error = expected.sub(actual).amaxNumber().doubleValue() / scale;
        assertTrue(error <= TOLERANCE, () -> name + " differs by " + error);
    }
}
