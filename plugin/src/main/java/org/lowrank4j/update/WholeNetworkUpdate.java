package org.lowrank4j.update;

import org.lowrank4j.method.Kept;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * An update that moves everything that the network trains at once, targets and all else, through fewer numbers. All targets
 * must have it, and unless the user says otherwise the whole network trains: the biases of targets, and all layers that are
 * no targets. Its targets are attached, too: their gradients are the gradients of the entries, and their steps move them.
 */
public interface WholeNetworkUpdate extends WeightUpdate {

    /**
     * The state of the network. Called once, outside any workspace.
     *
     * @param sizes of all trained tensors in a fixed order, without running statistics
     * @param type FLOAT or DOUBLE
     * @param seed from (seed, network id)
     * @param kept where everything that the state keeps is allocated
     */
    NetworkUpdate ofNetwork(long[] sizes, DataType type, long seed, OptionValues options, Kept kept);

    @Override
    default WeightTarget attach(TargetWeight target) {
        return new WeightTarget(target);
    }
}
