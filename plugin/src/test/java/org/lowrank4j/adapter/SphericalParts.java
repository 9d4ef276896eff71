package org.lowrank4j.adapter;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.lowrank4j.adapter.Combination.Weighted;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The spherical interpolation of changes that are given whole, for the reference cases. */
public final class SphericalParts {

    private SphericalParts() {}

    /** One layer's change of each adapter in, that of their combination out. */
    public static INDArray slerp(INDArray deltas, double[] weights) {
        List<Weighted> parts = new ArrayList<>();
        for (int i = 0; i < weights.length; i++) {
            INDArray delta = deltas.slice(i).dup('f');
            boolean tall = delta.rows() >= delta.columns();
            INDArray unit = Nd4j.eye(Math.min(delta.rows(), delta.columns())).castTo(delta.dataType());
            LayerAdapter layer = tall ? LayerAdapter.unscaled(delta, unit) : LayerAdapter.unscaled(unit, delta);
            parts.add(new Weighted(new Adapter(Map.of("0", layer)), weights[i]));
        }
        return Combination.slerp(parts, null).layer("0").product();
    }

    /** The angle of the last fold, 0 for changes that point one way. */
    public static double angle(INDArray deltas, double[] weights) {
        double[][] products = new double[weights.length][weights.length];
        for (int i = 0; i < weights.length; i++) {
            for (int j = 0; j < weights.length; j++) {
                products[i][j] =
                        deltas.slice(i).mul(deltas.slice(j)).sumNumber().doubleValue();
            }
        }
        return new SphericalMean(products, weights).angle();
    }
}
