package org.lowrank4j.engine;

import org.deeplearning4j.optimize.solvers.accumulation.GradientsAccumulator;
import org.jspecify.annotations.Nullable;

/** The members of ParallelWrapper and its trainers. */
final class WrapperInternals {

    private WrapperInternals() {}

    /** Sets the accumulator of a wrapper. */
    static void accumulator(Object wrapper, @Nullable GradientsAccumulator accumulator) {
        call(wrapper, "setGradientsAccumulator", GradientsAccumulator.class, accumulator);
    }

    /** Tells a wrapper that its replicas have been brought together. */
    static void averaged(Object wrapper) {
        call(wrapper, "setWasAveraged", boolean.class, true);
    }

    /** Ends the threads of a wrapper. */
    static void shutdown(Object wrapper) {
        ByName.run(wrapper, "shutdown");
    }

    /** Trains with a wrapper. */
    static void fit(Object wrapper, Class<?> kind, Object iterator) {
        call(wrapper, "fit", kind, iterator);
    }

    private static void call(Object owner, String method, Class<?> type, @Nullable Object argument) {
        ByName.call(owner, method, new Class<?>[] {type}, argument);
    }

    /** Lets whoever waits for a trainer get an exception, unless the trainer has one of its own. */
    static void fail(Object trainer, Throwable thrown) {
        if (ByName.field(trainer, "thrownException") == null) {
            ByName.field(
                    trainer,
                    "thrownException",
                    thrown instanceof Exception exception ? exception : new IllegalStateException(thrown));
        }
    }
}
