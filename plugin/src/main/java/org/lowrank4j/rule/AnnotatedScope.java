package org.lowrank4j.rule;

import java.lang.StackWalker.StackFrame;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The annotations that hold at one place of the code, from the inside out: the method or field, its class, and for an
 * inner, local or anonymous class the method and class around it.
 */
final class AnnotatedScope {

    /** The method into which javac compiles the body of a lambda, with the method that the lambda stands in. */
    private static final Pattern LAMBDA_BODY = Pattern.compile("lambda\\$(.+)\\$\\d+");

    private final List<Settings> inner = new ArrayList<>();
    private final List<Settings> around = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();

    private AnnotatedScope() {}

    static AnnotatedScope of(StackFrame frame) {
        AnnotatedScope scope = new AnnotatedScope();
        Class<?> type = frame.getDeclaringClass();
        scope.reading(type, () -> executables(frame).forEach(method -> scope.add(scope.inner, method, name(method))));
        scope.addClassAndAround(type);
        return scope;
    }

    static AnnotatedScope ofField(Class<?> owner, String fieldName) {
        AnnotatedScope scope = new AnnotatedScope();
        scope.inner.addAll(fieldOnly(owner, fieldName));
        scope.addClassAndAround(owner);
        return scope;
    }

    static List<Settings> fieldOnly(Class<?> owner, String fieldName) {
        try {
            Field field = owner.getDeclaredField(fieldName);
            return AnnotationReader.read(field, "field " + owner.getName() + "." + fieldName).stream()
                    .toList();
        } catch (NoSuchFieldException absent) {
            throw new IllegalArgumentException(owner.getName() + " declares no field " + fieldName, absent);
        }
    }

    /** What the annotations say, in order of precedence. */
    List<Settings> settings() {
        return Stream.concat(inner.stream(), around.stream()).toList();
    }

    /** What the annotations of the class and of the code around it say. */
    List<Settings> around() {
        return List.copyOf(around);
    }

    /** Sentences about what could not be searched. */
    List<String> notes() {
        return List.copyOf(notes);
    }

    private void addClassAndAround(Class<?> innermost) {
        reading(innermost, () -> {
            for (Class<?> type = innermost; type != null; type = type.getEnclosingClass()) {
                add(around, type, "class " + type.getName());
                Executable enclosing =
                        type.getEnclosingMethod() != null ? type.getEnclosingMethod() : type.getEnclosingConstructor();
                if (enclosing != null) {
                    add(around, enclosing, name(enclosing));
                }
            }
        });
    }

    private void add(List<Settings> into, AnnotatedElement element, String where) {
        AnnotationReader.read(element, where).ifPresent(into::add);
    }

    /** A class whose signatures name classes that are missing at run time cannot be searched; the user is told. */
    private void reading(Class<?> type, Runnable search) {
        try {
            search.run();
        } catch (LinkageError | TypeNotPresentException missing) {
            notes.add("class " + type.getName() + " could not be searched for @LowRank: " + missing
                    + ". Annotations in it are ignored.");
        }
    }

    private static Stream<? extends Executable> executables(StackFrame frame) {
        Class<?> type = frame.getDeclaringClass();
        Class<?>[] parameters = frame.getMethodType().parameterArray();
        if (frame.getMethodName().equals("<init>")) {
            return Arrays.stream(type.getDeclaredConstructors())
                    .filter(constructor -> Arrays.equals(constructor.getParameterTypes(), parameters));
        }
        Matcher lambda = LAMBDA_BODY.matcher(frame.getMethodName());
        if (lambda.matches()) {
            return aroundLambda(type, lambda.group(1));
        }
        return Arrays.stream(type.getDeclaredMethods())
                .filter(method -> method.getName().equals(frame.getMethodName())
                        && Arrays.equals(method.getParameterTypes(), parameters));
    }

    /** The class file does not say which overload a lambda stands in, so it counts only if one alone is annotated. */
    private static Stream<? extends Executable> aroundLambda(Class<?> type, String method) {
        Supplier<Stream<? extends Executable>> named = () -> method.equals("new")
                ? Arrays.stream(type.getDeclaredConstructors())
                : Arrays.stream(type.getDeclaredMethods())
                        .filter(candidate -> candidate.getName().equals(method));
        List<? extends Executable> annotated = named.get()
                .filter(candidate ->
                        AnnotationReader.read(candidate, name(candidate)).isPresent())
                .toList();
        return annotated.size() == 1 ? annotated.stream() : Stream.empty();
    }

    private static String name(Executable executable) {
        return executable instanceof Constructor<?>
                ? "constructor " + executable.getDeclaringClass().getName()
                : "method " + executable.getDeclaringClass().getName() + "." + ((Method) executable).getName();
    }
}
