package org.lowrank4j.compression;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.kind.InputRows;
import org.lowrank4j.kind.LayerKinds;
import org.lowrank4j.kind.Matrix;
import org.lowrank4j.kind.Wrapped;
import org.lowrank4j.network.NetworkShape.MatrixShape;
import org.lowrank4j.network.NetworkWeights;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A network through which minibatches pass as at inference, so that the inputs of its layers can be looked at. */
abstract class ForwardPasses {

    /**
     * One matrix of a layer that shows the rows that it multiplies, frozen or not.
     *
     * @param name its key
     * @param weight nIn x nOut, live
     */
    record Target(String name, BaseLayer<?> layer, String parameter, INDArray weight) {}

    private final Model network;

    ForwardPasses(Model network) {
        this.network = network;
    }

    /** The matrices that can be compensated, each after those of layers that its layer gets its input from. */
    final List<Target> targets() {
        NetworkWeights weights = NetworkWeights.of(network);
        List<Target> targets = new ArrayList<>();
        weights.layers().forEach((name, layer) -> {
            if (Wrapped.unfrozen(layer.trainable()) instanceof BaseLayer<?> base) {
                InputRows rows = LayerKinds.inputRows(base);
                for (Matrix matrix : LayerKinds.matrices(base, base.paramTable().keySet())) {
                    if (rows != null && rows.shows(matrix.parameter())) {
                        String key = MatrixShape.key(name, matrix.parameter());
                        targets.add(new Target(key, base, matrix.parameter(), weights.matrix(key)));
                    }
                }
            }
        });
        return targets;
    }

    /** Those of a network. */
    static ForwardPasses of(Model network) {
        return network instanceof MultiLayerNetwork layers
                ? new MultiLayerPasses(layers)
                : new GraphPasses((ComputationGraph) network);
    }

    /** Passes a minibatch forward and leaves each layer its input and its mask. */
    abstract void pass(Batch batch);

    /** What the network puts out for a minibatch. */
    abstract INDArray[] outputs(Batch batch);

    /** Drops the inputs and masks of the last pass. */
    abstract void clear();

    /**
     * What a layer multiplies by W for a minibatch: one row per example or time step, without steps that a mask hides;
     * null if it hides all.
     */
    final @Nullable INDArray inputs(Target target, Batch batch) {
        AtomicReference<INDArray> shown = new AtomicReference<>();
        each(List.of(target), batch, (same, rows) -> shown.set(rows));
        return shown.get();
    }

    /** Shows the rows of some matrices for a minibatch, which passes once. */
    final void each(Iterable<Target> targets, Batch batch, BiConsumer<Target, INDArray> rows) {
        try {
            pass(batch);
            for (Target target : targets) {
                INDArray shown = Objects.requireNonNull(LayerKinds.inputRows(target.layer()))
                        .of(target.layer(), target.parameter());
                if (shown != null) {
                    rows.accept(target, shown);
                }
            }
        } finally {
            clear();
        }
    }
}
