package org.lowrank4j.adapter;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.NearestName;
import org.lowrank4j.network.NetworkShape.MatrixShape;
import org.lowrank4j.network.NetworkWeights;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Named adapters on one live network, of which at most one is active. The network's weights are always the effective ones:
 * W0 without an active adapter, else W0 changed by it, computed anew from a kept copy of W0 each time. So switching back
 * and forth never drifts, and {@link #disable} restores the base bit for bit. Kept are copies of the parameters that any
 * added adapter changes, as long as the set exists.
 *
 * <p><b>Threads.</b> DL4J layers keep the activations of the prediction that they are in, so one network serves one
 * prediction at a time, and its {@code output}, {@code feedForward} and {@code fit} hold the network's monitor. A switch
 * prepares the new weights first and then writes them under the same monitor. So every prediction through those methods,
 * or through {@link #predict}, sees the weights before or after a switch and never a mix; it waits for one comparison and
 * one copy of the changed weights at most. {@code evaluate}, {@code score} and {@code rnnTimeStep} do not hold the
 * monitor: run them through {@link #exclusively}. To predict in parallel, give each thread a clone of the network with a
 * set of its own; adapters can be shared between sets, weights cannot.
 *
 * <p><b>Training.</b> A switch refuses if the weights are not those that it wrote itself, because it would undo what
 * changed them. After training an active adapter, save the network, or extract the change, and make a new set.
 */
public final class AdapterSet {

    private record Place(String layer, String parameter) {
        @Override
        public String toString() {
            return parameter + " of layer " + layer;
        }
    }

    private final Model network;
    private final Map<String, Adapter> adapters = new LinkedHashMap<>();
    private final Map<Place, INDArray> base = new LinkedHashMap<>();

    /** What the network must hold now, where it is not the base. */
    private Map<Place, INDArray> written = Map.of();

    private @Nullable String active;

    private AdapterSet(Model network) {
        this.network = network;
    }

    /**
     * An empty set on a network whose present weights are the base.
     *
     * @param network a MultiLayerNetwork or a ComputationGraph, initialised
     */
    public static AdapterSet on(Model network) {
        NetworkWeights.of(network);
        return new AdapterSet(network);
    }

    /**
     * Adds an adapter under a new name, without activating it. An adapter that knows its base must be on it; one that does
     * not (of another library) must fit in its shapes.
     *
     * @throws LowRankException if the name is taken, or the adapter belongs to another base; the set is then as it was
     */
    public void add(String name, Adapter adapter) {
        add(name, adapter, false);
    }

    /**
     * Adds an adapter that may have been made on another base: only its shapes must fit. What it does there is for the
     * caller to judge.
     *
     * @throws LowRankException if the name is taken, or a shape differs; the set is then as it was
     */
    public void addOnAnyBase(String name, Adapter adapter) {
        add(name, adapter, true);
    }

    private void add(String name, Adapter adapter, boolean anyBase) {
        exclusively(() -> {
            try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
                addHere(name, adapter, anyBase);
            }
            return name;
        });
    }

    private void addHere(String name, Adapter adapter, boolean anyBase) {
        if (adapters.containsKey(name)) {
            throw new LowRankException("There is an adapter '" + name + "' already; remove it first.");
        }
        NetworkWeights weights = NetworkWeights.of(network);
        Fit.check(adapter, weights);
        checkUntouched(weights);
        Map<Place, INDArray> kept = new LinkedHashMap<>(base);
        for (Place place : places(adapter, weights)) {
            // What is not kept yet holds its base value: nothing that was active changed it.
            kept.computeIfAbsent(place, key -> copy(weights.parameter(key.layer(), key.parameter())));
        }
        if (!anyBase) {
            Map<String, INDArray> matrices = new LinkedHashMap<>();
            adapter.layers().keySet().forEach(key -> {
                NetworkWeights.Place at = weights.place(key);
                INDArray original = Objects.requireNonNull(kept.get(new Place(at.layer(), at.parameter())));
                matrices.put(key, at.matrix().view().apply(original));
            });
            BaseFingerprint.check(adapter, matrices);
        }
        base.putAll(kept);
        adapters.put(name, adapter);
    }

    private static INDArray copy(INDArray live) {
        return live.dup(live.ordering());
    }

    private static Set<Place> places(Adapter adapter, NetworkWeights weights) {
        Set<Place> places = new LinkedHashSet<>();
        adapter.layers().keySet().forEach(key -> {
            NetworkWeights.Place at = weights.place(key);
            places.add(new Place(at.layer(), at.parameter()));
        });
        adapter.parameters()
                .forEach((layer, arrays) -> arrays.keySet().forEach(name -> places.add(new Place(layer, name))));
        return places;
    }

    /**
     * Makes an adapter the one that the network predicts with.
     *
     * @throws LowRankException if there is none of this name, or the weights were changed by something else; nothing is
     *     changed then
     */
    public void activate(String name) {
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            Adapter adapter = adapter(name);
            Map<Place, INDArray> wanted = effective(adapter);
            exclusively(() -> {
                if (adapters.get(name) != adapter) {
                    throw new LowRankException("The adapter '" + name + "' was removed while it was being activated.");
                }
                switchTo(wanted, name);
                return name;
            });
        }
    }

    /** Outside the monitor: adapters and the kept base never change. */
    private Map<Place, INDArray> effective(Adapter adapter) {
        Map<Place, INDArray> originals = exclusively(() -> new LinkedHashMap<>(base));
        NetworkWeights weights = NetworkWeights.of(network);
        Map<Place, INDArray> wanted = new LinkedHashMap<>();
        originals.forEach((place, original) -> {
            String key = MatrixShape.key(place.layer(), place.parameter());
            LayerAdapter layer = adapter.layers().get(key);
            INDArray whole =
                    adapter.parameters().getOrDefault(place.layer(), Map.of()).get(place.parameter());
            if (whole != null) {
                wanted.put(place, Fit.as(original, whole));
            } else if (layer != null) {
                wanted.put(place, Fit.effective(weights.place(key).matrix(), original, layer));
            }
        });
        return wanted;
    }

    /**
     * Puts the base weights back, bit for bit.
     *
     * @throws LowRankException if the weights were changed by something else; nothing is changed then
     */
    public void disable() {
        exclusively(() -> {
            switchTo(Map.of(), null);
            return "";
        });
    }

    /**
     * Removes an adapter; if it is active, it is disabled first.
     *
     * @throws LowRankException if there is none of this name, or it is active and the weights were changed by something
     *     else
     */
    public void remove(String name) {
        exclusively(() -> {
            adapter(name);
            if (name.equals(active)) {
                disable();
            }
            adapters.remove(name);
            return name;
        });
    }

    private void switchTo(Map<Place, INDArray> wanted, @Nullable String name) {
        NetworkWeights weights = NetworkWeights.of(network);
        checkUntouched(weights);
        base.forEach((place, original) -> {
            if (written.containsKey(place) || wanted.containsKey(place)) {
                weights.parameter(place.layer(), place.parameter()).assign(wanted.getOrDefault(place, original));
            }
        });
        // Where operations are queued (CUDA), the copies must be done before anyone may predict.
        Nd4j.getExecutioner().commit();
        written = wanted;
        active = name;
    }

    private void checkUntouched(NetworkWeights weights) {
        List<String> changed = new ArrayList<>();
        base.forEach((place, original) -> {
            INDArray live = weights.parameter(place.layer(), place.parameter());
            if (!Difference.sameBits(live, written.getOrDefault(place, original))) {
                changed.add(place.toString());
            }
        });
        if (!changed.isEmpty()) {
            throw new LowRankException(
                    "The weights were changed by something else than this set (" + String.join(", ", changed)
                            + "), for example by training, and a switch would undo that. Save the network, or extract an adapter"
                            + " from it, and make a new set.");
        }
    }

    /** The names of all adapters, in the order in which they were added. */
    public Set<String> names() {
        return exclusively(() -> Collections.unmodifiableSet(new LinkedHashSet<>(adapters.keySet())));
    }

    /** The name of the active adapter; empty if the network is the base. */
    public Optional<String> active() {
        return exclusively(() -> Optional.ofNullable(active));
    }

    /**
     * One adapter.
     *
     * @throws LowRankException if there is none of this name
     */
    public Adapter adapter(String name) {
        return exclusively(() -> {
            Adapter adapter = adapters.get(name);
            if (adapter == null) {
                throw new LowRankException("There is no adapter '" + name + "'; there "
                        + (adapters.isEmpty() ? "are none" : "are " + String.join(", ", adapters.keySet())) + "."
                        + NearestName.suggestion(name, adapters.keySet()));
            }
            return adapter;
        });
    }

    /**
     * The network's outputs at inference, all computed with the same adapter.
     *
     * @param inputs one per input of the network
     * @return one array per output, not in any workspace
     */
    public INDArray[] predict(INDArray... inputs) {
        return exclusively(() -> {
            try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
                if (network instanceof ComputationGraph graph) {
                    return graph.output(false, inputs);
                }
                if (inputs.length != 1) {
                    throw new LowRankException(
                            "A MultiLayerNetwork has one input, and " + inputs.length + " were given.");
                }
                return new INDArray[] {((MultiLayerNetwork) network).output(inputs[0], false)};
            }
        });
    }

    /** Runs something on the network during which no switch happens. */
    public <T> T exclusively(Supplier<T> work) {
        synchronized (network) {
            return work.get();
        }
    }
}
