package org.lowrank4j.update;

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
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.registry.Methods;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;

/** What every method is measured to keep is what it keeps, byte for byte, once a step has been taken. */
class MeasuredMemoryTest {

    private static final Methods METHODS = Methods.load();

    /** A method with its options, on a weight of a size. */
    record Choice(String update, String gradient, Map<String, String> options, int inputs, int outputs) {
        @Override
        public String toString() {
            return gradient + " of " + update + " " + options + ", " + inputs + " x " + outputs;
        }
    }

    /** Every update with its exact gradient, and every approximation of every update that it serves, wide and tall. */
    static Stream<Choice> everything() {
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
        List<Choice> all = new ArrayList<>();
        for (GradientApproximation gradient : METHODS.gradients()) {
            for (LowRankUpdate update : METHODS.updates()) {
                for (Map<String, String> variant : variants) {
                    String owner = variant.isEmpty()
                            ? ""
                            : variant.keySet().iterator().next().replaceAll("[.].*", "");
                    if (owner.isEmpty() || owner.equals(gradient.name()) || owner.equals(update.name())) {
                        Map<String, String> options = new LinkedHashMap<>(needed);
                        options.putAll(variant);
                        all.add(new Choice(update.name(), gradient.name(), options, 12, 7));
                        all.add(new Choice(update.name(), gradient.name(), options, 6, 9));
                    }
                }
            }
        }
        return all.stream();
    }

    @ParameterizedTest
    @MethodSource("everything")
    void whatIsMeasuredIsWhatIsKept(Choice choice) {
        check(choice, DataType.FLOAT, new Adam(0.01));
        check(choice, DataType.DOUBLE, new Nesterovs(0.01, 0.9));
    }

    private static void check(Choice choice, DataType type, IUpdater users) {
        Problem problem = new Problem(type, choice.inputs(), choice.outputs(), 3, 1, choice.options());
        LowRankUpdate update = METHODS.update(choice.update(), "test");
        GradientApproximation gradient = METHODS.gradient(choice.gradient(), "test");
        if (gradient.refusal(update).isPresent()) {
            return;
        }
        TargetWeight measured = Problem.measuring(problem.target);
        TargetUpdate state;
        Problem.Run run;
        try {
            TargetUpdate ofMeasured = gradient.approximate(update.attach(measured), measured);
            ofMeasured.tensors().forEach(tensor -> ofMeasured.updater(tensor, users));
            if (ofMeasured.sidePath() != null) {
                ofMeasured.sidePath().reserve();
            }
            state = gradient.approximate(update.attach(problem.target), problem.target);
            run = new Problem.Run(problem, state, users);
        } catch (LowRankException refused) {
            String message = refused.getMessage();
            assertTrue(message.contains("updater") || message.contains("options of its update"), message);
            return;
        }
        if (update instanceof StartedUpdate started) {
            problem.start(state, METHODS.initialisation(started.defaultInitialisation(), "test"));
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
        long kept = kept(problem, state);
        assertEquals(kept, problem.target.kept().bytes(), problem.target.kept().text());
        assertEquals(kept, measured.kept().bytes(), measured.kept().text());
        assertTrue(ReachableArrays.bytes(measured.kept(), measured.weight()) < 200, "measuring takes no memory");
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
                    Kept declared = new Kept("the network", type);
                    NetworkGradient whole = gradient.ofNetwork(50, type, options, declared);
                    long kept = 0;
                    if (whole != null) {
                        whole.replace(Nd4j.ones(type, 50));
                        kept = ReachableArrays.bytes(whole, Nd4j.scalar(0f));
                    }
                    assertEquals(kept, declared.bytes(), gradient.name());
                }
            }
        }
    }
}
