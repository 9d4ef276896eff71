package org.lowrank4j.agent;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What is known about the classes of one class loader: whether its Deeplearning4j has the expected shape, whether weaving
 * it went well, and what its user classes annotate. Holds strings only, so that it never keeps a class loader alive.
 */
public final class LoaderState {

    private static final Map<@Nullable ClassLoader, LoaderState> STATES =
            Collections.synchronizedMap(new WeakHashMap<>());

    /** Read for every class that is loaded, so that it costs nothing where no field is annotated. */
    private static volatile boolean anyField;

    /**
     * A field of a user's class that carries {@code @LowRank}.
     *
     * @param owner internal name of the class
     */
    public record Field(String owner, String name, String descriptor) {

        /** As the plugin names it. */
        public String place() {
            return "field " + owner.replace('/', '.') + "." + name;
        }
    }

    private final Set<Field> fields = ConcurrentHashMap.newKeySet();
    private final Map<String, String> annotated = new ConcurrentHashMap<>();
    private boolean checked;
    private volatile @Nullable String refusal;
    private volatile @Nullable String weavingProblem;

    /** The state of the Deeplearning4j that a loader defines. */
    public static LoaderState of(@Nullable ClassLoader loader) {
        return STATES.computeIfAbsent(loader, key -> new LoaderState());
    }

    /** Runs the check of this Deeplearning4j unless it ran before. */
    public synchronized void checkOnce(Runnable check) {
        if (!checked) {
            checked = true;
            check.run();
        }
    }

    /** Nothing of this Deeplearning4j is to be adapted; {@code reason} is a sentence for the user. */
    public void refuse(String reason) {
        refusal = reason;
    }

    public @Nullable String refusal() {
        return refusal;
    }

    /** A class of the catalogue stayed as it was; the first problem counts. */
    public synchronized void weavingFailed(String problem) {
        if (weavingProblem == null) {
            weavingProblem = problem;
        }
    }

    /** What went wrong, for the plugin, which adapts all of a network or nothing. */
    public @Nullable String weavingProblem() {
        return weavingProblem;
    }

    /** A class, method or constructor of the user carries {@code @LowRank}. */
    public void annotated(String place) {
        annotated.put(place, "");
    }

    /** So does a field, to which no class stores yet that is seen. */
    public void annotated(Field field) {
        fields.add(field);
        annotated.putIfAbsent(field.place(), field.descriptor());
        anyField = true;
    }

    /** A class stores to an annotated field, and says so when it does. */
    public void stores(Field field) {
        annotated.put(field.place(), "");
    }

    /** Whether a class is nested with one that has annotated fields; internal name. */
    static boolean isNestedWithFields(ClassLoader loader, String name) {
        return anyField && !of(loader).fieldsOfNest(name).isEmpty();
    }

    /** The annotated fields of a class and of the classes around and inside of it, as far as those are loaded. */
    public List<Field> fieldsOfNest(String name) {
        List<Field> found = new ArrayList<>();
        String outermost = outermost(name);
        for (Field field : fields) {
            if (outermost(field.owner()).equals(outermost)) {
                found.add(field);
            }
        }
        return found;
    }

    /**
     * What the classes of this loader annotate: each class, method, constructor and field as the plugin names it, with "",
     * or with the type's descriptor for a field to which no class stores that is seen.
     */
    public Map<String, String> annotatedPlaces() {
        return new TreeMap<>(annotated);
    }

    private static String outermost(String name) {
        int nested = name.indexOf('$', name.lastIndexOf('/') + 2);
        return nested < 0 ? name : name.substring(0, nested);
    }

    /** The same of all loaders whose classes see a loader's Deeplearning4j. */
    static Map<String, String> annotatedFor(@Nullable ClassLoader deeplearning4j) {
        Map<String, String> all = new TreeMap<>();
        synchronized (STATES) {
            STATES.forEach((loader, state) -> {
                for (ClassLoader each = loader; each != null; each = each.getParent()) {
                    if (each == deeplearning4j) {
                        all.putAll(state.annotated);
                    }
                }
            });
        }
        return all;
    }
}
