package org.lowrank4j.initialisation;

import java.util.List;
import java.util.OptionalDouble;
import org.lowrank4j.kind.Tokens;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.network.ModelWeights;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * EoRA (arXiv 2410.21271, section 3) for a network whose weights were quantised or pruned: A and B start as the best
 * compensation of what that did to the outputs of W, which moves the network. W is the compressed weight that the network
 * holds, and the residual E is the original weight less W; see {@link Eigenspace#compensation} for the equations. The base
 * is W, so the effective weight moves to W + s A B at once, and biases stay.
 *
 * <p>The inputs of all layers come from one pass of the network as it is, compressed. The published procedure
 * compensates layer after layer, each with inputs from the layers already compensated, and needs no training: that is
 * {@link org.lowrank4j.compression.EoraCompensation}.
 *
 * <p>C is a true mean over the calibration rows, where the released code weighs later batches more. Eigenvalues that are
 * 0 up to rounding are left out. Where E has a rank below r in the eigenspace, the other pairs start as LoRA's do, so
 * that they can learn. Published with s = 1, hence alpha = r; the factors are divided so that s A B is the compensation
 * for any s.
 */
public final class Eora implements Initialisation {

    /** The inputs of one layer, and its weight before compression. */
    private static final class Knowledge implements InputStatistics {

        private final SecondMoment inputs;
        // All layers of a network share it while their calibration lasts.
        private final ModelWeights original;

        Knowledge(SecondMoment inputs, ModelWeights original) {
            this.inputs = inputs;
            this.original = original;
        }

        @Override
        public void observe(INDArray x) {
            inputs.observe(x);
        }

        @Override
        public void observe(Tokens x) {
            inputs.observe(x);
        }
    }

    @Override
    public String name() {
        return "eora";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption(
                        "original",
                        "the path of the model zip with the weights before compression; every layer that is adapted must"
                                + " be in it under the same name and with the same shape"),
                new MethodOption("batches", "8", "how many minibatches of inputs are looked at, 1 or more"));
    }

    @Override
    public Need need() {
        return Need.INPUTS;
    }

    @Override
    public OptionalDouble defaultAlpha(int rank) {
        return OptionalDouble.of(rank);
    }

    @Override
    public InputStatistics statistics(TargetWeight target) {
        String path = target.optionsOf(this).text("original");
        ModelWeights original = ModelWeights.shared("eora.original", path);
        // What does not fit is said before the calibration, not after it.
        original.weight(target.layer(), target.inputs(), target.outputs());
        return new Knowledge(new SecondMoment(target.inputs()), original);
    }

    @Override
    public Factors start(Start start) {
        Knowledge known = start.statistics(Knowledge.class);
        INDArray residual = known.original
                .weight(start.layer(), start.inputs(), start.outputs())
                .castTo(DataType.DOUBLE)
                .sub(start.weight().castTo(DataType.DOUBLE));
        Factors factors = Eigenspace.of(known.inputs.mean()).compensation(residual, start.rank(), start.scale());
        return DeadPairs.revived(factors, start).on(start.weight());
    }
}
