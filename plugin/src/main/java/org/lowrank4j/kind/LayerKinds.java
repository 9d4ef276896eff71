package org.lowrank4j.kind;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.api.layers.IOutputLayer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.Services;

/** The kinds of layers that there are: those of the user first, then those that come with lowrank4j. */
public final class LayerKinds {

    private static final List<LayerKind> KINDS = load();

    private LayerKinds() {}

    private static List<LayerKind> load() {
        List<LayerKind> users = new ArrayList<>();
        List<LayerKind> own = new ArrayList<>();
        for (LayerKind kind :
                Services.of(LayerKind.class, Thread.currentThread().getContextClassLoader())) {
            (kind.getClass().getPackage() == LayerKind.class.getPackage() ? own : users).add(kind);
        }
        users.addAll(own);
        return List.copyOf(users);
    }

    /** All of them, in the order in which they are asked. */
    public static List<LayerKind> all() {
        return KINDS;
    }

    /**
     * The kind of a layer.
     *
     * @param layer not wrapped; {@link Wrapped#in}
     * @return null if nothing is known of it
     */
    public static @Nullable LayerKind of(Trainable layer) {
        return KINDS.stream().filter(kind -> kind.is(layer)).findFirst().orElse(null);
    }

    /** Whether a layer has a loss; its errors come from outside otherwise. */
    public static boolean isOutput(Trainable layer) {
        return layer instanceof IOutputLayer;
    }

    /** DL4J's types of layers of some kinds, as a list for a message. */
    public static String types(Predicate<LayerKind> which) {
        return KINDS.stream()
                .filter(which)
                .flatMap(kind -> kind.types().stream())
                .collect(Collectors.joining(", "));
    }

    /** A layer as two, frozen or not; null if it cannot be two, as one that is wrapped. */
    public static @Nullable TwoLayers twoLayers(Layer layer) {
        Trainable inner = Wrapped.unfrozen(layer);
        LayerKind kind = of(inner);
        return kind != null && inner instanceof Layer plain ? kind.twoLayers(plain) : null;
    }

    /** The rows that a layer's matrices multiply; null if it does not show them, as one that is wrapped. */
    public static @Nullable InputRows inputRows(Trainable layer) {
        LayerKind kind = of(layer);
        return kind == null ? null : kind.inputRows();
    }

    /** The tokens that stand for such rows; null if none do, as in a layer that is wrapped. */
    public static @Nullable InputTokens inputTokens(Trainable layer) {
        LayerKind kind = of(layer);
        return kind == null ? null : kind.inputTokens();
    }

    /** Whether a layer shows what the matrix of a parameter multiplies. */
    public static boolean showsInputs(Trainable layer, String parameter) {
        InputRows rows = inputRows(layer);
        return rows != null && rows.shows(parameter) || inputTokens(layer) != null;
    }

    /** The initialisation with which LoRA's factors start on a layer's matrices; null for LoRA's own. */
    public static @Nullable String defaultStart(Trainable layer) {
        LayerKind kind = of(layer);
        return kind == null ? null : kind.defaultStart();
    }

    /** What a rule that names no layers makes of a layer; one that is wrapped trains in full while it is as it was drawn. */
    public static DefaultTarget byDefault(Trainable layer) {
        Trainable inner = Wrapped.in(Wrapped.unfrozen(layer)).get(0).layer();
        LayerKind kind = of(inner);
        DefaultTarget target = kind == null ? DefaultTarget.NEVER : kind.byDefault();
        boolean wrapped = inner != Wrapped.unfrozen(layer);
        return wrapped && target == DefaultTarget.ALWAYS ? DefaultTarget.ONCE_TRAINED : target;
    }

    /** Why a layer cannot be adapted as it is, through what wraps it, as a clause; null if it can or nothing is known of it. */
    public static @Nullable String refusal(Trainable layer) {
        for (Wrapped inner : Wrapped.in(Wrapped.unfrozen(layer))) {
            LayerKind kind = of(inner.layer());
            String refusal = kind == null ? null : kind.refusal(inner.layer());
            if (refusal != null) {
                return refusal;
            }
        }
        return null;
    }

    /**
     * The matrices of a layer, through what wraps it.
     *
     * @param parameters names of the parameters that it has
     */
    public static List<Matrix> matrices(Trainable layer, Set<String> parameters) {
        List<Matrix> found = new ArrayList<>();
        for (Wrapped inner : Wrapped.in(layer)) {
            LayerKind kind = of(inner.layer());
            if (kind != null) {
                kind.matrices().stream()
                        .map(matrix -> matrix.prefixed(inner.prefix()))
                        .filter(matrix -> parameters.contains(matrix.parameter()))
                        .forEach(found::add);
            }
        }
        return found;
    }
}
