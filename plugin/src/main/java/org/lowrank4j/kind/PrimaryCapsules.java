package org.lowrank4j.kind;

import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Trainable;

/**
 * The filters of a layer of primary capsules, (y, x, channel) x filter. The parameter is [kH, kW, nIn, filters], so M is
 * row-major.
 */
public final class PrimaryCapsules implements LayerKind {

    @Override
    public boolean is(Trainable layer) {
        return layer instanceof Layer plain
                && plain.conf().getLayer().getClass() == org.deeplearning4j.nn.conf.layers.PrimaryCapsules.class;
    }

    @Override
    public List<Matrix> matrices() {
        return List.of(new Matrix(
                "weight", array -> Matrix.memory(array, array.length() / array.size(3), array.size(3), 'c')));
    }

    @Override
    public PreActivation preActivation() {
        return PreActivation.OTHER;
    }
}
