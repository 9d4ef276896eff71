package org.lowrank4j.adapter;

import java.util.Arrays;
import java.util.List;
import org.lowrank4j.LowRankException;
import org.lowrank4j.file.NotFinite;
import org.lowrank4j.kind.Matrix;
import org.lowrank4j.kind.PeftForm;
import org.lowrank4j.network.NetworkWeights;
import org.nd4j.linalg.api.ndarray.INDArray;

/** An adapter on a network: whether it fits there, and what it makes of the parameters. */
final class Fit {

    private Fit() {}

    /**
     * Checks that every shape of an adapter is the network's.
     *
     * @throws LowRankException if one is not
     */
    static void check(Adapter adapter, NetworkWeights network) {
        adapter.layers().forEach((key, layer) -> {
            INDArray weight = network.matrix(key);
            if (weight.size(0) != layer.inputs() || weight.size(1) != layer.outputs()) {
                throw new LowRankException("The adapter of layer " + key + " is for " + layer.parameter() + " of "
                        + layer.inputs() + " x " + layer.outputs() + " (nIn x nOut), and the network's is "
                        + weight.size(0) + " x " + weight.size(1)
                        + ": it was made on another network. Use the base that it was trained on.");
            }
            List<Long> kernel = form(network, key).kernel();
            if (!layer.form().kernel().isEmpty() && !layer.form().kernel().equals(kernel)) {
                throw new LowRankException("The adapter of layer " + key + " is for a convolution with the kernel "
                        + layer.form().kernel() + ", and the network has "
                        + (kernel.isEmpty() ? "no convolution there." : kernel + " there."));
            }
        });
        adapter.parameters()
                .forEach((layer, arrays) -> arrays.forEach((name, array) -> {
                    if (!network.has(layer, name, array)) {
                        throw new LowRankException(shapeOrAbsence(network, layer, name, array)
                                + " Give the network a layer like that of the training first (TransferLearning), or leave"
                                + " out of the adapter what was trained in full (combine ADAPTER --without-parameters,"
                                + " or Adapter.withParameters).");
                    }
                }));
    }

    private static String shapeOrAbsence(NetworkWeights network, String layer, String name, INDArray array) {
        INDArray live = network.find(layer, name);
        return live == null
                ? network.absent(layer, name)
                : "The adapter brings " + name + " of layer " + layer + " with the shape "
                        + Arrays.toString(array.shape()) + ", and the network's has " + Arrays.toString(live.shape())
                        + ".";
    }

    /** How files hold the factors of a matrix of a network. */
    static PeftForm form(NetworkWeights network, String key) {
        NetworkWeights.Place place = network.place(key);
        return place.matrix().form().apply(network.parameter(place.layer(), place.parameter()));
    }

    /**
     * A parameter of an adapter as the network has it: in its shape, its type and its order.
     *
     * @throws LowRankException if a number does not fit in the network's type
     */
    static INDArray as(INDArray live, INDArray array) {
        return finite(array.castTo(live.dataType()).reshape(live.shape()).dup(live.ordering()));
    }

    /**
     * The parameter that an adapter of a matrix in it makes of a live one.
     *
     * @throws LowRankException if a number does not fit in the network's type
     */
    static INDArray effective(Matrix matrix, INDArray live, LayerAdapter adapter) {
        INDArray made = live.dup(live.ordering());
        INDArray view = matrix.view().apply(made);
        view.assign(finite(adapter.effective(view)));
        return made;
    }

    private static INDArray finite(INDArray made) {
        if (NotFinite.count(made) > 0) {
            throw new LowRankException("The adapter makes entries of the network NaN or infinite: its numbers are too"
                    + " large for a network of " + made.dataType() + ", or this network is not finite itself.");
        }
        return made;
    }
}
