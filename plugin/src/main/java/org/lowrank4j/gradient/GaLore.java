package org.lowrank4j.gradient;

import java.util.List;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TargetWeight;
import org.lowrank4j.update.TrainedTensor;

/**
 * GaLore (arXiv 2403.03507, algorithm 2 and the released code): all of W is trained, but the updater and its state live
 * in a subspace of rank r of the gradient G = dL/dW, found anew every {@code refresh} steps.
 *
 * <pre>
 * nIn &gt; nOut:   R = G Q,    W -= scale * updater(R) Q^T    Q: the r leading right singular vectors, nOut x r
 * otherwise:  R = P^T G,  W -= scale * P updater(R)      P: the r leading left singular vectors, nIn x r
 * </pre>
 *
 * <p>The updater's state is kept as it is when the subspace changes; the fixed signs of the decomposition keep the
 * directions of old and new comparable. G itself is only formed on the steps that look for a new subspace.
 *
 * <p>The published learning rate is 0.01 with Adam, because {@code scale} multiplies it.
 */
public final class GaLore implements GradientApproximation {

    @Override
    public String name() {
        return "galore";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption("refresh", "200", "steps between two decompositions of the gradient"),
                new MethodOption("scale", "0.25", "the factor of every step, a number above 0"));
    }

    @Override
    public String defaultUpdate() {
        return "full";
    }

    @Override
    public TargetUpdate approximate(TargetUpdate update, TargetWeight target) {
        List<TrainedTensor> tensors = update.tensors();
        if (tensors.size() != 1 || tensors.get(0).value() != target.weight()) {
            throw new LowRankException("gradient=galore projects dL/dW, so it serves only update=full, which trains W"
                    + " itself; layer " + target.layer() + " names another update. Leave the update out, or use"
                    + " gradient=exact.");
        }
        OptionValues options = target.optionsOf(this);
        return new GaLoreTarget(target, options.positiveInt("refresh"), options.positiveDouble("scale"));
    }
}
