package org.lowrank4j.engine;

import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Members of classes by name, for modules of Deeplearning4j that most programs are without. */
final class ByName {

    private static final Class<?>[] NOTHING = {};

    private ByName() {}

    private interface Reflection<T> {
        T run() throws ReflectiveOperationException;
    }

    /** What a method without arguments answers. */
    static Object get(Object owner, String method) {
        return Objects.requireNonNull(call(owner, method, NOTHING), method);
    }

    /** Calls a method without arguments. */
    static void run(Object owner, String method) {
        call(owner, method, NOTHING);
    }

    /** Calls a method of the object's class, or of one above it. */
    static @Nullable Object call(Object owner, String method, Class<?>[] types, @Nullable Object... arguments) {
        Method found = find(
                owner.getClass(),
                type -> Arrays.stream(type.getDeclaredMethods())
                        .filter(one -> one.getName().equals(method)
                                && Arrays.equals(one.getParameterTypes(), types)
                                && !one.isBridge()));
        if (found == null) {
            throw new IllegalStateException(owner.getClass().getName() + " has no method " + method);
        }
        found.setAccessible(true);
        return unwrapped(() -> found.invoke(owner, arguments));
    }

    /** A new object of a class that has one public constructor, or takes this many arguments in one only. */
    static Object make(Class<?> type, @Nullable Object... arguments) {
        return unwrapped(() -> Arrays.stream(type.getConstructors())
                .filter(one -> one.getParameterCount() == arguments.length)
                .findFirst()
                .orElseThrow(() -> new NoSuchMethodException(type.getName()))
                .newInstance(arguments));
    }

    /** The class of that name that an object's own class sees. */
    static Class<?> type(Object owner, String name) {
        return unwrapped(() -> Class.forName(name, true, owner.getClass().getClassLoader()));
    }

    /** The value of a field of the object's class, or of one above it. */
    static @Nullable Object field(Object owner, String name) {
        Field field = fieldOf(owner, name);
        return unwrapped(() -> field.get(owner));
    }

    static void field(Object owner, String name, @Nullable Object value) {
        Field field = fieldOf(owner, name);
        unwrapped(() -> {
            field.set(owner, value);
            return field;
        });
    }

    private static Field fieldOf(Object owner, String name) {
        Field found = find(
                owner.getClass(),
                type -> Arrays.stream(type.getDeclaredFields())
                        .filter(one -> one.getName().equals(name)));
        if (found == null) {
            throw new IllegalStateException(owner.getClass().getName() + " has no field " + name);
        }
        found.setAccessible(true);
        return found;
    }

    private static <T> @Nullable T find(Class<?> first, Function<Class<?>, Stream<T>> declared) {
        return Stream.<Class<?>>iterate(first, Objects::nonNull, Class::getSuperclass)
                .flatMap(declared)
                .findFirst()
                .orElse(null);
    }

    private static <T> T unwrapped(Reflection<T> reflection) {
        try {
            return reflection.run();
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
}
