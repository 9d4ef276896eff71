package org.lowrank4j.reference;

import java.util.Map;
import org.lowrank4j.gradient.PerpendicularGradient;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.FullWeight;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The perpendicular gradient of a matrix, and of a vector as a matrix of one row. */
public final class PerpgradReference implements Reference {

    @Override
    public String method() {
        return "perpgrad";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray weight = given.input("W", type);
        outcome.put("G_perp", projected(weight, given.input("G", type)));
        if (given.hasInput("G_parallel")) {
            outcome.put("G_parallel_perp", projected(weight, given.input("G_parallel", type)));
        }
        INDArray bias = given.input("bias", type);
        INDArray ofBias = given.input("g_bias", type);
        outcome.put(
                "bias_perp",
                projected(bias.reshape(1, bias.length()), ofBias.reshape(1, bias.length()))
                        .reshape(bias.length()));
    }

    private static INDArray projected(INDArray weight, INDArray gradient) {
        TargetWeight target = Targets.target(weight, 1, 1, 1, Map.of());
        TargetUpdate update = new PerpendicularGradient().approximate(new FullWeight().attach(target), target);
        INDArray[] gradients = Targets.gradients(update, gradient);
        update.beforeUpdater(gradients, new INDArray[1]);
        return gradients[0];
    }
}
