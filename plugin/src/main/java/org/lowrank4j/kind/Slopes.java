package org.lowrank4j.kind;

import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.blas.Blas;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationCube;
import org.nd4j.linalg.activations.impl.ActivationELU;
import org.nd4j.linalg.activations.impl.ActivationHardSigmoid;
import org.nd4j.linalg.activations.impl.ActivationHardTanH;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationLReLU;
import org.nd4j.linalg.activations.impl.ActivationRationalTanh;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.activations.impl.ActivationSELU;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;
import org.nd4j.linalg.activations.impl.ActivationSoftPlus;
import org.nd4j.linalg.activations.impl.ActivationSoftSign;
import org.nd4j.linalg.activations.impl.ActivationSwish;
import org.nd4j.linalg.activations.impl.ActivationTanH;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.transforms.same.TimesOneMinus;
import org.nd4j.linalg.factory.Nd4j;

/** Derivatives of activations that look at single entries and draw nothing: what a delta is multiplied by. */
final class Slopes {

    private static final Set<Class<?>> KNOWN = Set.of(
            ActivationTanH.class,
            ActivationSigmoid.class,
            ActivationIdentity.class,
            ActivationReLU.class,
            ActivationLReLU.class,
            ActivationELU.class,
            ActivationSELU.class,
            ActivationCube.class,
            ActivationHardSigmoid.class,
            ActivationHardTanH.class,
            ActivationRationalTanh.class,
            ActivationSoftPlus.class,
            ActivationSoftSign.class,
            ActivationSwish.class);

    private Slopes() {}

    /** Whether an activation is one of those. */
    static boolean exist(IActivation activation) {
        return KNOWN.contains(activation.getClass());
    }

    /** Whether its slopes are taken from its outputs. */
    static boolean areOfOutputs(IActivation activation) {
        return activation instanceof ActivationTanH || activation instanceof ActivationSigmoid;
    }

    /**
     * Writes the slopes at z.
     *
     * @param z may be null where they are {@link #areOfOutputs of outputs} and those are given
     * @param output of the activation at z; null for what is not known
     */
    static void of(IActivation activation, @Nullable INDArray z, @Nullable INDArray output, INDArray result) {
        if (output == null || !areOfOutputs(activation)) {
            INDArray at = Objects.requireNonNull(z);
            Blas.copy(activation.backprop(at.dup(), at.ulike().assign(1)).getFirst(), result);
        } else if (activation instanceof ActivationSigmoid) {
            Nd4j.getExecutioner().exec(new TimesOneMinus(output, result));
        } else {
            output.mul(output, result);
            result.rsubi(1);
        }
    }
}
