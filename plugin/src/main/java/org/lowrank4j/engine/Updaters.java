package org.lowrank4j.engine;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.BiConsumer;
import org.deeplearning4j.nn.updater.UpdaterBlock;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.updater.ChosenUpdater;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.GradientUpdater;

/**
 * The user's updaters over the compact gradient vector. What an update moves jointly has one of its own, over the few
 * numbers that stand for it.
 */
final class Updaters {

    private final INDArray gradient;
    private final DataType type;
    private final @Nullable JointUpdate joint;
    private final boolean ofWholeNetwork;
    private List<Segment> segments;
    private UpdaterBlocks blocks;

    /**
     * @param segments of the vector, one for each layer that trains
     * @param gradient the vector
     * @param joint what moves the network as a whole, null for nothing
     * @param ofWholeNetwork whether the steps of the updaters depend on each other
     */
    Updaters(List<Segment> segments, INDArray gradient, @Nullable JointUpdate joint, boolean ofWholeNetwork) {
        this.segments = List.copyOf(segments);
        this.gradient = gradient;
        this.joint = joint;
        this.ofWholeNetwork = ofWholeNetwork;
        type = gradient.dataType();
        blocks = blocks(this.segments);
    }

    private UpdaterBlocks blocks(List<Segment> trained) {
        return new UpdaterBlocks(trained, gradient, type, one -> joint == null || !one.divided());
    }

    List<Segment> segments() {
        return segments;
    }

    void askRates(int iteration, int epoch) {
        blocks.askRates(iteration, epoch);
        if (joint != null) {
            joint.askRates(iteration, epoch);
        }
    }

    /** The rates of a matrix's tensors. */
    double[] learningRates(AdaptedMatrix matrix, int iteration, int epoch) {
        double[] rates = new double[matrix.gradients().length];
        for (int i = 0; i < rates.length; i++) {
            rates[i] = joint == null
                    ? blocks.learningRate(matrix.key(i), iteration, epoch)
                    : joint.learningRate(iteration, epoch);
        }
        return rates;
    }

    /** The states of a matrix's tensors, live; empty arrays where the network moves jointly. */
    INDArray[] states(AdaptedMatrix matrix) {
        INDArray[] states = new INDArray[matrix.gradients().length];
        for (int i = 0; i < states.length; i++) {
            states[i] = joint == null ? blocks.liveState(matrix.key(i), type) : Nd4j.empty(type);
        }
        return states;
    }

    /**
     * Turns gradients into steps.
     *
     * @param decay adds the weight decay of the targets to the steps
     */
    void update(int iteration, int epoch, LayerWorkspaceMgr workspaces, Runnable decay) {
        if (joint != null) {
            joint.update(iteration, epoch, workspaces, decay);
        }
        blocks.update(iteration, epoch, workspaces);
        if (joint == null) {
            decay.run();
        }
        if (ofWholeNetwork) {
            ChosenUpdater.end(live().stream()
                    .<GradientUpdater<?>>map(UpdaterBlock::getGradientUpdater)
                    .toList());
        }
    }

    /** Takes the step of what moves jointly, and leaves the steps of its entries in the vector. */
    void step() {
        if (joint != null) {
            try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
                joint.step();
            }
        }
    }

    /** Makes the updaters anew after the user changed a learning rate, keeping their state. */
    void refresh() {
        List<Segment> current =
                segments.stream().map(Segment::withCurrentUpdaters).toList();
        if (joint != null) {
            joint.refreshUpdater(current);
        }
        UpdaterBlocks fresh = blocks(current);
        fresh.restore(blocks.stateByArray());
        segments = current;
        blocks = fresh;
    }

    /** The blocks, live. */
    List<UpdaterBlock> live() {
        List<UpdaterBlock> all = new ArrayList<>(blocks.blocks());
        if (joint != null) {
            all.addAll(joint.blocks().blocks());
        }
        return all;
    }

    /** Copies of the state, by array. */
    Map<String, INDArray> state() {
        Map<String, INDArray> state = new LinkedHashMap<>(blocks.stateByArray());
        if (joint != null) {
            state.putAll(joint.updaterState());
        }
        return state;
    }

    void restore(Map<String, INDArray> stateByArray) {
        blocks.restore(stateByArray);
        if (joint != null) {
            joint.restoreUpdater(stateByArray);
        }
    }

    long stateLength() {
        return blocks.stateLength() + (joint == null ? 0 : joint.blocks().stateLength());
    }

    /** A copy of all state as one vector; null if there is none. */
    @Nullable INDArray stateCopy() {
        if (stateLength() == 0) {
            return null;
        }
        INDArray copy = Nd4j.create(type, stateLength());
        eachState((state, place) -> copy.get(place).assign(state));
        return copy;
    }

    /** Takes such a vector of updaters over the same arrays. */
    void assignState(INDArray given) {
        INDArray flat = given.reshape(given.length());
        eachState((state, place) -> state.assign(flat.get(place)));
    }

    private void eachState(BiConsumer<INDArray, INDArrayIndex> what) {
        INDArray own = blocks.state();
        if (own != null) {
            what.accept(own, NDArrayIndex.interval(0, own.length()));
        }
        INDArray jointly = joint == null ? null : joint.blocks().state();
        if (jointly != null) {
            what.accept(jointly, NDArrayIndex.interval(blocks.stateLength(), stateLength()));
        }
    }

    /** Moves the state into a vector of its length, where it is live from now on. */
    void moveState(INDArray to) {
        long own = blocks.stateLength();
        if (own > 0) {
            blocks.moveState(to.get(NDArrayIndex.interval(0, own)));
        }
        if (joint != null && stateLength() > own) {
            joint.blocks().moveState(to.get(NDArrayIndex.interval(own, stateLength())));
        }
    }

    /** How many numbers the updater trains in the place of all trained entries; empty if it trains the entries. */
    OptionalLong jointNumbers() {
        return joint == null ? OptionalLong.empty() : OptionalLong.of(joint.numbers());
    }

    long gradientBytes() {
        return gradient.length() * type.width() + (joint == null ? 0 : joint.gradientBytes());
    }

    long stateBytes() {
        return blocks.stateBytes() + (joint == null ? 0 : joint.stateBytes());
    }
}
