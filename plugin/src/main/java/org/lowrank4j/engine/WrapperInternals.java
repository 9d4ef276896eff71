package org.lowrank4j.engine;

import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import org.deeplearning4j.optimize.solvers.accumulation.GradientsAccumulator;
import org.jspecify.annotations.Nullable;

/** The members of ParallelWrapper and its trainers, by name: most programs are without the module that has these classes. */
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
        call(wrapper, "shutdown", null, null);
    }

    /** Trains with a wrapper. */
    static void fit(Object wrapper, Class<?> kind, Object iterator) {
        call(wrapper, "fit", kind, iterator);
    }

    private static void call(Object owner, String method, @Nullable Class<?> type, @Nullable Object argument) {
        try {
            if (type == null) {
                owner.getClass().getMethod(method).invoke(owner);
            } else {
                owner.getClass().getMethod(method, type).invoke(owner, argument);
            }
        } catch (InvocationTargetException thrown) {
            if (thrown.getCause() instanceof RuntimeException exception) {
                throw exception;
            }
            if (thrown.getCause() instanceof Error error) {
                throw error;
            }
            throw new IllegalStateException(thrown);
        } catch (ReflectiveOperationException otherDl4j) {
            throw new IllegalStateException(otherDl4j);
        }
    }

    /** Lets whoever waits for a trainer get an exception, unless the trainer has one of its own. */
    static void fail(Object trainer, Throwable thrown) {
        try {
            Field field = exceptionOf(trainer.getClass());
            if (field.get(trainer) == null) {
                field.set(
                        trainer, thrown instanceof Exception exception ? exception : new IllegalStateException(thrown));
            }
        } catch (IllegalAccessException otherDl4j) {
            throw new IllegalStateException(otherDl4j);
        }
    }

    private static Field exceptionOf(Class<?> trainer) {
        for (Class<?> type = trainer; type != null; type = type.getSuperclass()) {
            for (Field field : type.getDeclaredFields()) {
                if (field.getName().equals("thrownException")) {
                    field.setAccessible(true);
                    return field;
                }
            }
        }
        throw new IllegalStateException(trainer.getName() + " has no field thrownException");
    }
}
