package org.lowrank4j.engine;

import java.lang.StackWalker.StackFrame;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;

/**
 * Whether the program may hold an array on the memory of a network's weights, which it can look at without asking for it. It
 * is not known to hold none unless everything that gives one away has been watched since the network was initialised.
 */
final class TakenWeights {

    /** Packages of ours that ask networks and layers, or answer for them. */
    private static final List<String> OURS = List.of(
            "org.lowrank4j.engine.",
            "org.lowrank4j.file.",
            "org.lowrank4j.hook.",
            "org.lowrank4j.kind.",
            "org.lowrank4j.network.");

    private static final String DL4J = "org.deeplearning4j.nn.";

    /** Methods of DL4J's networks and layers that pass on what another one gave them. */
    private static final Set<String> PASS_ON = Set.of("<init>", "init", "params", "getParam", "paramTable");

    /** Those that ask for arrays and keep them to themselves. */
    private static final Set<String> ONLY_LOOK = Set.of(
            "calcRegularizationScore",
            "clone",
            "close",
            "convertDataType",
            "equals",
            "setParam",
            "setParams",
            "setParamTable",
            "summary");

    private static final List<String> NETWORKS_AND_LAYERS =
            List.of(DL4J + "multilayer.", DL4J + "graph.", DL4J + "layers.");

    /** Packages of DL4J that copy weights, and keep none. */
    private static final List<String> COPY = List.of("org.deeplearning4j.util.", DL4J + "modelimport.");

    private volatile boolean any;

    /**
     * Those of a network that has just been initialised.
     *
     * @param shared whether it was made with an array of the program's
     */
    TakenWeights(Object network, boolean shared) {
        // A class of the program's has the fields.
        any = shared || network.getClass() != MultiLayerNetwork.class && network.getClass() != ComputationGraph.class;
    }

    /** Whether one was. */
    boolean any() {
        return any;
    }

    /** One was, or it is not known. */
    void take() {
        any = true;
    }

    /** Arrays are asked for: they are taken, unless the calling method of DL4J or of lowrank4j only looks at them. */
    void asked() {
        if (!any && leaves()) {
            any = true;
        }
    }

    /** Whether an array that the method at hand of DL4J gives away, or was given, is the program's. */
    static boolean leaves() {
        Optional<StackFrame> asking = StackWalker.getInstance()
                .walk(frames -> frames.dropWhile(TakenWeights::isOurs)
                        .dropWhile(frame ->
                                frame.getClassName().startsWith(DL4J) && PASS_ON.contains(frame.getMethodName()))
                        .findFirst());
        return asking.isEmpty() || !isOurs(asking.get()) && !onlyLooks(asking.get());
    }

    private static boolean isOurs(StackFrame frame) {
        return OURS.stream().anyMatch(frame.getClassName()::startsWith);
    }

    private static boolean onlyLooks(StackFrame frame) {
        String name = frame.getClassName();
        return COPY.stream().anyMatch(name::startsWith)
                || ONLY_LOOK.contains(frame.getMethodName())
                        && NETWORKS_AND_LAYERS.stream().anyMatch(name::startsWith);
    }

    /** Watches the layers of a network until its training begins, which puts its own gradient views in their place. */
    void watch(NetworkParts network) {
        for (Part part : network.parts()) {
            if (part.layer() instanceof BaseLayer<?> layer && Dl4jInternals.gradientViews(layer) == null) {
                Dl4jInternals.gradientViews(layer, new AwaitedGradients(this));
            }
        }
    }

    /** Those of a network that begins to train: what was not watched all the time may have been taken. */
    static TakenWeights of(NetworkParts network) {
        TakenWeights taken = Attachment.taken(network.model());
        if (taken == null) {
            return new TakenWeights(network.model(), true);
        }
        for (Part part : network.parts()) {
            if (part.layer() instanceof BaseLayer<?> layer && part.mayLag() && AwaitedGradients.of(layer) != taken) {
                taken.take();
            }
        }
        return taken;
    }
}
