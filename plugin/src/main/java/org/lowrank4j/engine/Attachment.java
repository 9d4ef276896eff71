package org.lowrank4j.engine;

import java.lang.ref.WeakReference;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.rule.Creation;

/**
 * What lowrank4j knows of one network, held by the network alone: it takes the place of the map in which DL4J keeps the
 * workspaces of a network's helpers (cuDNN's), and holds those as well. So nothing is looked up, and what a discarded
 * network held is free with it.
 */
final class Attachment extends HashMap<String, Pointer> {

    private static final long serialVersionUID = 1L;

    private transient volatile @Nullable Enrolment enrolment;
    private transient volatile @Nullable Field field;
    private transient volatile boolean drawing;
    private transient volatile boolean drawn;
    private transient volatile boolean shared;
    private transient volatile @Nullable TakenWeights taken;

    /**
     * A field of the program's.
     *
     * @param owner its class, held weakly so that a discarded loader can go
     * @param name its name
     */
    record Field(WeakReference<Class<?>> owner, String name) {

        /** The creation with the field's annotation in front; as it is if the class is gone. */
        Creation keeping(Creation creation) {
            @Nullable Class<?> alive = owner.get();
            return alive == null ? creation : creation.keptIn(alive, name);
        }
    }

    private Attachment(@Nullable Map<String, Pointer> helpers) {
        if (helpers != null) {
            putAll(helpers);
        }
    }

    /** What is known of a network that a rule applies to, null for any other model. */
    static @Nullable Enrolment enrolment(Object model) {
        return Dl4jInternals.helpers(model) instanceof Attachment attachment ? attachment.enrolment : null;
    }

    /** From here on a rule applies to a network, and its weights are watched. */
    static void enrol(NetworkParts network, Enrolment enrolment) {
        Attachment attachment = of(network.model());
        attachment.enrolment = enrolment;
        if (attachment.taken == null) {
            TakenWeights taken = new TakenWeights(network.model(), attachment.shared);
            attachment.taken = taken;
            taken.watch(network);
        }
    }

    /** Who knows whether the weights of a network are taken; null for a network that no rule applies to. */
    static @Nullable TakenWeights taken(Object network) {
        return Dl4jInternals.helpers(network) instanceof Attachment attachment ? attachment.taken : null;
    }

    /** A network is about to be initialised with an array that the program has. */
    static void shared(Object network) {
        of(network).shared = true;
    }

    /** Remembers the annotated field that a network was stored in before it was initialised. */
    static void field(Object network, Class<?> owner, String name) {
        of(network).field = new Field(new WeakReference<>(owner), name);
    }

    /** The field that the network was stored in before it was initialised, once. */
    static @Nullable Field takeField(Object network) {
        if (!(Dl4jInternals.helpers(network) instanceof Attachment attachment)) {
            return null;
        }
        Field taken = attachment.field;
        attachment.field = null;
        return taken;
    }

    /** The network is about to draw its parameters. */
    static void drawing(Object network) {
        of(network).drawing = true;
    }

    /** Whether the network was about to draw its parameters, once. */
    static boolean takeDrawing(Object network) {
        if (!(Dl4jInternals.helpers(network) instanceof Attachment attachment) || !attachment.drawing) {
            return false;
        }
        attachment.drawing = false;
        attachment.drawn = true;
        return true;
    }

    /** Whether the network drew its parameters itself. */
    static boolean drewParameters(Object network) {
        return Dl4jInternals.helpers(network) instanceof Attachment attachment && attachment.drawn;
    }

    private static synchronized Attachment of(Object network) {
        Map<String, Pointer> present = Dl4jInternals.helpers(network);
        if (present instanceof Attachment attachment) {
            return attachment;
        }
        Attachment made = new Attachment(present);
        Dl4jInternals.helpers(network, made);
        return made;
    }
}
