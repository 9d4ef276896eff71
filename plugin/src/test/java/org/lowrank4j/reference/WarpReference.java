package org.lowrank4j.reference;

import java.util.Arrays;
import org.lowrank4j.adapter.SphericalParts;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Spherical interpolation of the changes of some models, and the way back to where they began. */
public final class WarpReference implements Reference {

    @Override
    public String method() {
        return "warp";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        int models = given.whole("models");
        double[] shares = new double[models];
        if (given.hasNumber("lambda_")) {
            shares[0] = 1 - given.number("lambda_");
            shares[1] = given.number("lambda_");
        } else {
            Arrays.fill(shares, 1.0 / models);
        }
        double eta = given.number("eta");
        double[] partly = Arrays.stream(shares).map(share -> share * eta).toArray();
        for (int layer = 0; given.hasInput("W0_" + layer); layer++) {
            INDArray deltas = given.input("deltas_" + layer, type);
            outcome.put("slerp_" + layer, SphericalParts.slerp(deltas, shares));
            outcome.put("angle_" + layer, SphericalParts.angle(deltas, shares));
            outcome.put("linear_" + layer, deltas.mean(0));
            outcome.put("merged_" + layer, given.input("W0_" + layer, type).add(SphericalParts.slerp(deltas, partly)));
        }
    }
}
