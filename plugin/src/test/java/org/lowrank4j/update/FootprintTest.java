package org.lowrank4j.update;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.gradient.GradientApproximation;
import org.lowrank4j.gradient.NetworkGradient;
import org.lowrank4j.method.Methods;
import org.lowrank4j.method.OptionValues;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;

/** What every method says that it keeps is what it keeps, byte for byte, once a step has been taken. */
class FootprintTest {

    private static final Methods METHODS = Methods.load();

    /** A method with its options, on a weight of a size. */
    record Kept(String update, String gradient, Map<String, String> options, int inputs, int outputs) {
        @Override
        public String toString() {
            return gradient + " of " + update + " " + options + ", " + inputs + " x " + outputs;
        }
    }

    /** Every update with its exact gradient, and every approximation of every update that it serves, wide and tall. */
    static Stream<Kept> everything() {
        Map<String, String> needed = Map.of("adalora.total-steps", "100", "powersgd.least-ratio", "1");
        List<Map<String, String>> variants = List.of(
                Map.of(),
                Map.of("lora.merge", "step"),
                Map.of("lora-xs.core-gradient", "equivalent"),
                Map.of("lora-pro.mode", "full"),
                Map.of("galore.side", "longer"),
                Map.of("galore.side", "outputs"),
                Map.of("adafactor.momentum", "0.9"),
                Map.of("powersgd.rank", "2"),
                Map.of("powersgd.start", "0"),
                Map.of("econtrol.first-estimate", "zero"));
        List<Kept> all = new ArrayList<>();
        for (GradientApproximation gradient : METHODS.gradients()) {
            for (LowRankUpdate update : METHODS.updates()) {
                for (Map<String, String> variant : variants) {
                    String owner = variant.isEmpty()
                            ? ""
                            : variant.keySet().iterator().next().replaceAll("[.].*", "");
                    if (owner.isEmpty() || owner.equals(gradient.name()) || owner.equals(update.name())) {
                        Map<String, String> options = new LinkedHashMap<>(needed);
                        options.putAll(variant);
                        all.add(new Kept(update.name(), gradient.name(), options, 12, 7));
                        all.add(new Kept(update.name(), gradient.name(), options, 6, 9));
                    }
                }
            }
        }
        return all.stream();
    }

    @ParameterizedTest
    @MethodSource("everything")
    void whatIsStatedIsWhatIsKept(Kept kept) {
        check(kept, DataType.FLOAT, new Adam(0.01));
        check(kept, DataType.DOUBLE, new Nesterovs(0.01, 0.9));
    }

    private static void check(Kept kept, DataType type, IUpdater users) {
        Problem problem = new Problem(type, kept.inputs(), kept.outputs(), 3, 1, kept.options());
        LowRankUpdate update = METHODS.update(kept.update(), "test");
        GradientApproximation gradient = METHODS.gradient(kept.gradient(), "test");
        TargetUpdate attached = update.attach(problem.target);
        TargetUpdate state;
        Problem.Run run;
        try {
            state = gradient.approximate(attached, problem.target);
            run = new Problem.Run(problem, state, users);
        } catch (LowRankException doNotServeEachOther) {
            boolean published = gradient.defaultUpdate().equals(update.name());
            assertTrue(
                    !published || doNotServeEachOther.getMessage().contains("updater"),
                    doNotServeEachOther.getMessage());
            return;
        }
        Footprint footprint = gradient.footprint(update.footprint(problem.target), problem.target, users);
        assertEquals(state.tensors().size(), footprint.trained().size(), "trained tensors");
        for (int i = 0; i < state.tensors().size(); i++) {
            assertArrayEquals(
                    state.tensors().get(i).shape(), footprint.trained().get(i));
        }
        if (update.hasFactors()) {
            problem.start(state, METHODS.initialisation(update.defaultInitialisation(), "test"));
        } else {
            state.start();
        }
        SidePath path = state.sidePath();
        if (path != null) {
            path.open();
            path.merge();
        }
        run.step(0);
        run.step(0);
        assertEquals(kept(problem, state), footprint.bytes(), footprint.formula());
    }

    private static long kept(Problem problem, Object state) {
        return ReachableArrays.bytes(state, problem.target.weight());
    }

    /** One that hides the side path never opens it. */
    @ParameterizedTest
    @ValueSource(strings = {"lora-fa", "lora-pro", "adahessian", "perpgrad", "powersgd", "econtrol"})
    void anUpdateThatIsWrappedTakesNoMemoryForASidePath(String name) {
        GradientApproximation gradient = METHODS.gradient(name, "test");
        long[] kept = new long[2];
        for (int i = 0; i < 2; i++) {
            Map<String, String> options = Map.of("lora.merge", i == 0 ? "auto" : "step");
            Problem problem = new Problem(DataType.FLOAT, 12, 7, 3, 1, options);
            Lora lora = new Lora();
            TargetUpdate state = gradient.approximate(lora.attach(problem.target), problem.target);
            kept[i] = kept(problem, state);
            assertEquals(
                    gradient.footprint(lora.footprint(problem.target), problem.target, new Adam())
                            .formula(),
                    gradient.footprint(LoraTarget.footprint(problem.target), problem.target, new Adam())
                            .formula());
        }
        assertEquals(kept[1], kept[0]);
    }

    @Test
    void whatLooksAtTheWholeGradientStatesIt() {
        for (GradientApproximation gradient : METHODS.gradients()) {
            for (DataType type : List.of(DataType.FLOAT, DataType.DOUBLE)) {
                for (String momentum : List.of("0", "0.9")) {
                    Map<String, String> written = Map.of("mfac.window", "4", "mfac.momentum", momentum);
                    OptionValues options = new OptionValues(gradient, written);
                    NetworkGradient whole = gradient.ofNetwork(50, type, options);
                    long kept = 0;
                    if (whole != null) {
                        whole.replace(Nd4j.ones(type, 50));
                        kept = ReachableArrays.bytes(whole, Nd4j.scalar(0f));
                    }
                    assertEquals(kept, gradient.networkBytes(50, type, options), gradient.name());
                }
            }
        }
    }

    @Test
    void formulasAddUp() {
        Footprint footprint = Footprint.of(new long[] {3, 2})
                .plus("n r", 6, DataType.FLOAT)
                .plusCounters(2)
                .plusShared("A", "r m", 10, DataType.DOUBLE);
        assertEquals(6 * 4 + 2 * 8 + 10 * 8, footprint.bytes());
        assertEquals("n r + r m", footprint.formula());
        assertEquals("0", Footprint.of(new long[] {3, 2}).plusCounters(1).formula());
    }
}
