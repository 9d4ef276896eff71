package org.lowrank4j.rule;

import java.util.function.Supplier;
import org.lowrank4j.annotation.LowRank;

/** Code with annotations, in which tests create networks. Value set A and value set B differ in every key. */
final class AnnotatedPlaces {

    private AnnotatedPlaces() {}

    static Creation createHere() {
        return Creation.here(TestNetworks::peftToy, 1);
    }

    /** All keys on a class: set B. */
    @LowRank(
            rank = 5,
            alpha = 32,
            scaling = "rslora",
            init = "gaussian",
            gradient = "galore",
            update = "switch-lora",
            layers = {"dense2"},
            exclude = {"dense1"},
            train = {"none"},
            bias = "lora-only",
            loraplus = 4,
            updater = "stock",
            rate = 0.25,
            average = "none",
            loss = "stock",
            seed = 77,
            id = "b",
            options = "galore.refresh=50")
    @LowRank.Layer(layers = "dense1", rank = 7)
    static final class ClassB {

        static Creation create() {
            return createHere();
        }

        /** All keys on a method: set A. */
        @LowRank(
                rank = 3,
                alpha = 16,
                scaling = "standard",
                init = "pissa",
                gradient = "exact",
                update = "lora",
                layers = {"dense1"},
                exclude = {"dense2"},
                train = {"out"},
                bias = "all",
                loraplus = 2,
                updater = "adabelief",
                rate = 0.5,
                average = "ema",
                loss = "stablemax",
                seed = 42,
                id = "a",
                options = {"galore.refresh=100"})
        @LowRank.Layer(layers = "dense1", rank = 2)
        static Creation createInMethodA() {
            return createHere();
        }
    }

    /** Set B on a method of a class without annotation. */
    static final class PlainClass {

        @LowRank(
                rank = 5,
                alpha = 32,
                scaling = "rslora",
                init = "gaussian",
                gradient = "galore",
                update = "switch-lora",
                layers = {"dense2"},
                exclude = {"dense1"},
                train = {"none"},
                bias = "lora-only",
                loraplus = 4,
                updater = "stock",
                rate = 0.25,
                average = "none",
                loss = "stock",
                seed = 77,
                id = "b",
                options = "galore.refresh=50")
        @LowRank.Layer(layers = "dense1", rank = 7)
        static Creation createInMethodB() {
            return createHere();
        }

        static Creation create() {
            return createHere();
        }
    }

    /** Both sets on fields. */
    static final class Fields {

        @LowRank(
                rank = 3,
                alpha = 16,
                scaling = "standard",
                init = "pissa",
                gradient = "exact",
                update = "lora",
                layers = {"dense1"},
                exclude = {"dense2"},
                train = {"out"},
                bias = "all",
                loraplus = 2,
                updater = "adabelief",
                rate = 0.5,
                average = "ema",
                loss = "stablemax",
                seed = 42,
                id = "a",
                options = {"galore.refresh=100"})
        @LowRank.Layer(layers = "dense1", rank = 2)
        Object fieldA;

        @LowRank(
                rank = 5,
                alpha = 32,
                scaling = "rslora",
                init = "gaussian",
                gradient = "galore",
                update = "switch-lora",
                layers = {"dense2"},
                exclude = {"dense1"},
                train = {"none"},
                bias = "lora-only",
                loraplus = 4,
                updater = "stock",
                rate = 0.25,
                average = "none",
                loss = "stock",
                seed = 77,
                id = "b",
                options = "galore.refresh=50")
        @LowRank.Layer(layers = "dense1", rank = 7)
        Object fieldB;

        Object plain;
    }

    /** An annotation without members. */
    @LowRank
    static final class Bare {
        static Creation create() {
            return createHere();
        }
    }

    /** Overrides alone. */
    @LowRank.Layer(layers = "dense1", rank = 4)
    @LowRank.Layer(layers = "dense2", rank = 6, options = "switch-lora.interval=9", update = "switch-lora")
    static final class OverridesOnly {
        static Creation create() {
            return createHere();
        }
    }

    /** Switched off, but for one method. */
    @LowRank(enabled = false, rank = 2)
    static final class Off {
        static Creation create() {
            return createHere();
        }

        static Creation through(Supplier<Creation> other) {
            return other.get();
        }
    }

    /** A constructor, an inner, an anonymous and a local class, and lambdas. */
    @LowRank(rank = 2)
    static final class Nested {

        Creation created;

        @LowRank(alpha = 4)
        Nested() {
            created = createHere();
        }

        static final class Inner {
            static Creation create() {
                return createHere();
            }

            @LowRank(rank = 1)
            static Creation createCloser() {
                return createHere();
            }
        }

        @LowRank(alpha = 5)
        static Creation anonymous() {
            return new Supplier<Creation>() {
                @Override
                public Creation get() {
                    return createHere();
                }
            }.get();
        }

        @LowRank(alpha = 6)
        static Supplier<Creation> lambda() {
            return () -> createHere();
        }

        @LowRank(alpha = 7)
        static Supplier<Creation> overloaded(int first) {
            return () -> createHere();
        }

        @LowRank(alpha = 8)
        static Supplier<Creation> overloaded(String second) {
            return () -> createHere();
        }

        @LowRank(alpha = 9)
        static Creation sameName(int first) {
            return createHere();
        }

        static Creation sameName(String second) {
            return createHere();
        }
    }

    /** Values that are not allowed. */
    @LowRank(rank = 0)
    static final class Wrong {
        static Creation create() {
            return createHere();
        }
    }
}
