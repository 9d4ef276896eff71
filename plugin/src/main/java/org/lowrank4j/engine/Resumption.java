package org.lowrank4j.engine;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.file.TrainingState;
import org.lowrank4j.method.Kept;
import org.lowrank4j.rule.Plan;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Everything besides the network's own parameters that exact resumption needs: what the methods keep, and the state of the
 * updaters. In a file by name, for a program that copies an updater's state as one vector.
 */
final class Resumption {

    private final Plan asked;
    private final Map<String, Integer> ranks;
    private final List<AdaptedMatrix> matrices;
    private final Kept keptOfNetwork;
    private final Updaters updaters;
    private final DataType type;
    private @Nullable INDArray vector;

    /**
     * @param asked with the ranks of the rule
     * @param ranks by target, where calibration found others
     * @param keptOfNetwork by methods that look at the gradient, or move the weights, as a whole
     */
    Resumption(
            Plan asked,
            Map<String, Integer> ranks,
            List<AdaptedMatrix> matrices,
            Kept keptOfNetwork,
            Updaters updaters,
            DataType type) {
        this.asked = asked;
        this.ranks = ranks;
        this.matrices = matrices;
        this.keptOfNetwork = keptOfNetwork;
        this.updaters = updaters;
        this.type = type;
    }

    /** The plan with the ranks of the rule. */
    Plan asked() {
        return asked;
    }

    /** Copies of everything. */
    TrainingState save(boolean withUpdater) {
        Map<String, INDArray> tensors = adapters();
        if (withUpdater) {
            updaters.state().forEach((key, array) -> tensors.put(TrainingState.UPDATER + key, array));
        }
        return new TrainingState(
                asked.settings(), ranks, tensors, withUpdater, asked.shape().random());
    }

    /** Copies of all arrays that are neither the network's parameters nor an updater's state, by name. */
    private Map<String, INDArray> adapters() {
        Map<String, INDArray> tensors = new LinkedHashMap<>();
        for (AdaptedMatrix matrix : matrices) {
            copy(matrix.update().kept(), TrainingState.ADAPTER + matrix.key() + "/", tensors);
        }
        copy(keptOfNetwork, TrainingState.NETWORK, tensors);
        return tensors;
    }

    private static void copy(Kept kept, String prefix, Map<String, INDArray> tensors) {
        kept.state().forEach((key, array) -> tensors.put(prefix + key, array.dup(array.ordering())));
    }

    /** Puts a saved state back; the caller has checked that it was made under the same settings. */
    void restore(TrainingState saved) {
        restoreAdapters(saved);
        if (saved.hasUpdater()) {
            updaters.restore(saved.under(TrainingState.UPDATER));
        }
    }

    private void restoreAdapters(TrainingState saved) {
        for (AdaptedMatrix matrix : matrices) {
            matrix.update().kept().restore(saved.under(TrainingState.ADAPTER + matrix.key() + "/"));
        }
        keptOfNetwork.restore(saved.under(TrainingState.NETWORK));
    }

    /** All of it as one vector: the state of the updaters, live, then a copy of the adapters. */
    INDArray vector() {
        Map<String, INDArray> adapters = adapters();
        long live = updaters.stateLength();
        long length = live + StateVector.length(adapters, type);
        INDArray current = vector;
        if (current == null || current.length() != length) {
            current = Nd4j.create(type, length);
            updaters.moveState(current);
            vector = current;
        }
        StateVector.write(adapters, slice(current, live, length));
        return current;
    }

    /** The updaters have been made anew, with their state elsewhere. */
    void forgetVector() {
        vector = null;
    }

    /**
     * Goes on from a vector that {@link #vector} of this or another network gave.
     *
     * @throws LowRankException if it has another length
     */
    void goOnFrom(INDArray given) {
        INDArray current = vector();
        if (current.length() != given.length()) {
            throw new LowRankException("The state of an updater has " + given.length() + " entries, and that of this"
                    + " network, which trains with adapters under the rule of "
                    + asked.rule().source() + ", has " + current.length()
                    + ". Take it from a network that trains under the same rule.");
        }
        if (current.data().address() != given.data().address()) {
            INDArray flat = given.reshape(given.length());
            take(flat, current, adaptersIn(flat));
        }
    }

    /**
     * Begins from such a vector.
     *
     * @return false, with nothing changed, for one that is of something else
     */
    boolean beginFrom(INDArray given) {
        INDArray current = vector();
        INDArray flat = given.reshape(given.length());
        Map<String, INDArray> adapters = current.length() == given.length() ? adaptersIn(flat) : null;
        if (adapters == null) {
            return false;
        }
        take(flat, current, adapters);
        return true;
    }

    /** The adapters in a vector; null if the program gives the state of the updaters alone. */
    private @Nullable Map<String, INDArray> adaptersIn(INDArray given) {
        return StateVector.read(adapters(), slice(given, updaters.stateLength(), given.length()));
    }

    private void take(INDArray given, INDArray current, @Nullable Map<String, INDArray> adapters) {
        if (adapters != null) {
            restoreAdapters(new TrainingState(asked.settings(), ranks, adapters, false));
        }
        long live = updaters.stateLength();
        if (live > 0) {
            slice(current, 0, live).assign(slice(given, 0, live));
        }
    }

    private static INDArray slice(INDArray vector, long from, long to) {
        return vector.get(NDArrayIndex.interval(from, to));
    }
}
