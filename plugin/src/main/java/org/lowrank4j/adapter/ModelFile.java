package org.lowrank4j.adapter;

import java.io.IOException;
import java.nio.file.Path;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.file.AdapterEntry;
import org.lowrank4j.file.ModelZip;
import org.lowrank4j.file.StoredModel;
import org.lowrank4j.file.TrainingState;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The network of a model zip.
 *
 * @param file where it was read from
 * @param network the MultiLayerNetwork or ComputationGraph with its parameters, and without an updater's state
 * @param adapters the state of adapters that an adapted training saved with it; null if there is none
 */
public record ModelFile(Path file, Model network, @Nullable TrainingState adapters) {

    /**
     * Reads a model.
     *
     * @throws IOException if the file cannot be read
     * @throws LowRankException if it is no model zip, or damaged; the message names the file
     */
    public static ModelFile read(Path file) throws IOException {
        StoredModel stored = StoredModel.readWithAdapters(file);
        try {
            DataType type = stored.parameters().dataType();
            if (type != DataType.FLOAT && type != DataType.DOUBLE) {
                throw new LowRankException(
                        "its parameters have the type " + type + ", and adapters apply to FLOAT and DOUBLE.");
            }
            Model network = StoredModel.understood(() -> network(stored));
            byte[] adapters = stored.adapters();
            return new ModelFile(
                    file, network, adapters == null ? null : AdapterEntry.read(adapters, network.params()));
        } catch (LowRankException refused) {
            throw new LowRankException(file + " cannot be used: " + refused.getMessage(), refused);
        }
    }

    private static Model network(StoredModel stored) {
        INDArray parameters = stored.parameters();
        return stored.configuration(
                configuration -> {
                    MultiLayerNetwork network = new MultiLayerNetwork(configuration);
                    network.init(parameters, false);
                    return network;
                },
                configuration -> {
                    ComputationGraph network = new ComputationGraph(configuration);
                    network.init(parameters, false);
                    return network;
                });
    }

    /**
     * Writes the file's entries with the network's present parameters in the place of the old ones, and without the
     * states of updater and adapters, which belong to those.
     *
     * @param target may be the file itself; replaced as {@link org.lowrank4j.file.Replacement} says
     * @param state of adapters that belongs to the present parameters; null for a plain model
     */
    public void writeTo(Path target, @Nullable TrainingState state) throws IOException {
        ModelZip.rewrite(file, network.params(), state, target);
    }

    /**
     * Writes the file's entries with another network in the place of its own, a plain model; otherwise as {@link
     * #writeTo(Path, TrainingState)}.
     */
    public void replaceNetwork(Path target, Model other) throws IOException {
        ModelZip.rewrite(file, other, target);
    }
}
