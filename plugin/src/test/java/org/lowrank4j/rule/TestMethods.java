package org.lowrank4j.rule;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.lowrank4j.gradient.GradientApproximation;
import org.lowrank4j.initialisation.Initialisation;
import org.lowrank4j.initialisation.Start;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.update.FactorTarget;
import org.lowrank4j.update.FactorUpdate;
import org.lowrank4j.update.LowRankUpdate;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.WeightTarget;
import org.lowrank4j.update.WeightUpdate;

/** Methods that can be chosen but do nothing: planning reads only their names, options and defaults. */
public final class TestMethods {

    private TestMethods() {}

    /** A registry independent of the methods that lowrank4j has. */
    public static Methods all() {
        return new Methods(
                List.of(
                        init("kaiming"),
                        init("gaussian"),
                        init("pissa", "iterations"),
                        init("lora-ga", "gamma"),
                        coreInit("xs"),
                        coreInit("sb")),
                List.of(gradient("exact", "lora"), gradient("galore", "weight", "refresh", "scale")),
                List.of(
                        update("lora", "kaiming"),
                        update("switch-lora", "gaussian", "interval"),
                        update("core", "xs"),
                        weightUpdate("weight")),
                List.of(),
                List.of(),
                List.of(),
                List.of());
    }

    public static Initialisation init(String name, String... options) {
        return new Initialisation() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public List<MethodOption> options() {
                return declared(options);
            }

            @Override
            public Factors start(Start start) {
                throw new UnsupportedOperationException("planning starts nothing");
            }
        };
    }

    /** One that starts only the update "core", with alpha = r. */
    private static Initialisation coreInit(String name) {
        return new Initialisation() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public Optional<String> onlyUpdate() {
                return Optional.of("core");
            }

            @Override
            public OptionalDouble defaultAlpha(int rank) {
                return OptionalDouble.of(rank);
            }

            @Override
            public Factors start(Start start) {
                throw new UnsupportedOperationException("planning starts nothing");
            }
        };
    }

    public static GradientApproximation gradient(String name, String defaultUpdate, String... options) {
        return new GradientApproximation() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public List<MethodOption> options() {
                return declared(options);
            }

            @Override
            public String defaultUpdate() {
                return defaultUpdate;
            }

            @Override
            public TargetUpdate approximate(TargetUpdate update, TargetWeight target) {
                throw new UnsupportedOperationException("planning approximates nothing");
            }
        };
    }

    /** One whose factors are started. */
    public static LowRankUpdate update(String name, String defaultInit, String... options) {
        return new FactorUpdate() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public List<MethodOption> options() {
                return declared(options);
            }

            @Override
            public String defaultInitialisation() {
                return defaultInit;
            }

            @Override
            public FactorTarget attach(TargetWeight target) {
                throw new UnsupportedOperationException("planning attaches nothing");
            }
        };
    }

    /** One of W itself. */
    public static LowRankUpdate weightUpdate(String name) {
        return new WeightUpdate() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public WeightTarget attach(TargetWeight target) {
                throw new UnsupportedOperationException("planning attaches nothing");
            }
        };
    }

    private static List<MethodOption> declared(String... names) {
        return List.of(names).stream()
                .map(name -> new MethodOption(name, "1", "an option for tests"))
                .toList();
    }
}
