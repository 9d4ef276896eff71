package org.lowrank4j.rule;

import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.lowrank4j.LowRankException;

/**
 * Reads the {@code LowRank} annotations of a class, method, constructor or field.
 *
 * <p>Annotations are told by name and read reflectively: the user's copy of the annotation and that of lowrank4j may be
 * two classes of two loaders. A member counts as set if its value is not the default.
 */
final class AnnotationReader {

    private static final String RULE = "org.lowrank4j.annotation.LowRank";
    private static final String OVERRIDE = RULE + "$Layer";
    private static final String OVERRIDES = RULE + "$Layers";

    private AnnotationReader() {}

    /**
     * What the annotations of one element say.
     *
     * @param where the element for messages, for example {@code class a.b.C}
     * @return empty if there is none
     */
    static Optional<Settings> read(AnnotatedElement element, String where) {
        String source = source(where);
        Settings settings = new Settings(source);
        boolean found = false;
        for (Annotation annotation : element.getDeclaredAnnotations()) {
            switch (annotation.annotationType().getName()) {
                case RULE -> readRule(annotation, settings);
                case OVERRIDE -> settings.add(readOverride(annotation, source));
                case OVERRIDES -> {
                    for (Annotation each : (Annotation[]) value(annotation, "value")) {
                        settings.add(readOverride(each, source));
                    }
                }
                default -> {
                    continue;
                }
            }
            found = true;
        }
        return found ? Optional.of(settings) : Optional.empty();
    }

    /** How a source is named whose annotation stands on an element. */
    static String source(String where) {
        return "annotation on " + where;
    }

    private static void readRule(Annotation annotation, Settings settings) {
        setMembers(annotation).forEach((name, value) -> {
            if (name.equals("options")) {
                for (String option : (String[]) value) {
                    settings.putOption(new Sourced(option, settings.origin()));
                }
            } else {
                settings.put(key(name), new Sourced(text(value), settings.origin()));
            }
        });
    }

    private static LayerOverride readOverride(Annotation annotation, String source) {
        Sourced layers = new Sourced("", source);
        Map<Key, Sourced> values = new EnumMap<>(Key.class);
        Map<String, Sourced> options = new LinkedHashMap<>();
        for (Map.Entry<String, Object> member : setMembers(annotation).entrySet()) {
            switch (member.getKey()) {
                case "layers" -> layers = new Sourced(text(member.getValue()), source);
                case "options" -> {
                    for (String option : (String[]) member.getValue()) {
                        Settings.putOption(options, new Sourced(option, source));
                    }
                }
                default -> values.put(key(member.getKey()), new Sourced(text(member.getValue()), source));
            }
        }
        return new LayerOverride(layers, values, options);
    }

    /** Members whose value differs from the default, by name. */
    private static Map<String, Object> setMembers(Annotation annotation) {
        Map<String, Object> members = new LinkedHashMap<>();
        for (Method member : annotation.annotationType().getDeclaredMethods()) {
            Object value = value(annotation, member.getName());
            if (!Objects.deepEquals(value, member.getDefaultValue())) {
                members.put(member.getName(), value);
            }
        }
        return members;
    }

    private static Object value(Annotation annotation, String member) {
        try {
            return annotation.annotationType().getDeclaredMethod(member).invoke(annotation);
        } catch (NoSuchMethodException | IllegalAccessException | InvocationTargetException unreadable) {
            throw new LowRankException("@LowRank member " + member + " cannot be read: " + unreadable, unreadable);
        }
    }

    private static Key key(String member) {
        return Key.of(member)
                .orElseThrow(() -> new LowRankException("@LowRank has the member '" + member
                        + "', which this version does not know. The annotation on the class path is newer than the"
                        + " agent; use the same version of both."));
    }

    private static String text(Object value) {
        return value instanceof String[] list ? String.join(",", list) : value.toString();
    }
}
