package org.lowrank4j.initialisation;

import java.util.List;
import java.util.stream.IntStream;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.initialisation.InputCovariance.Normalisation;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.TargetWeight;

/**
 * CorDA, context-oriented decomposition (arXiv 2406.05223, section 3, as in the reference LoRA libraries): W is split by
 * singular value decomposition after its inputs have been weighted by how much the calibration data use them. With C =
 * mean of X^T X over the minibatches, C' = C + 0.01 mean(diag C) I and C' W = U S V^T (nIn x nOut),
 *
 * <pre>A = C'^-1 U_I sqrt(S_I / s),   B = sqrt(S_I / s) V_I^T</pre>
 *
 * where I are the first r triplets in instruction-previewed mode (ipm), which adapts to the task that the data show, or
 * the last r in knowledge-preserved mode (kpm), which leaves alone what the data use most. The network starts unchanged,
 * with the implicit base W - s A B. With r = min(nIn, nOut), s A B = W.
 *
 * <p>As published, C weights by the second moment and not by its root, the inputs are not centred, and each minibatch is
 * first divided by its largest entry (option normalise). The damping doubles until the inverse is good enough; in double
 * 0.01 is, unless the inputs are 0 or close to the smallest numbers. Where W has fewer than the wanted triplets, pairs of a column of A and a row of B would be 0 and never
 * move; they start as {@link Kaiming} does, which leaves s A B as it is.
 *
 * <p>Memory: while reading, nIn x nIn doubles per layer, 128 MiB for nIn = 4096; at the start of a layer up to ten times
 * as much for a moment, one layer after the other.
 */
public final class Corda implements Initialisation {

    private enum Mode {
        IPM,
        KPM
    }

    @Override
    public String name() {
        return "corda";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption(
                        "mode",
                        "ipm",
                        "ipm trains the part of W that the data use most, kpm the part that they use least"),
                new MethodOption(
                        "normalise",
                        "max",
                        "max divides each minibatch of inputs by the magnitude of its largest entry, none does not"),
                new MethodOption(
                        "damping",
                        "0.01",
                        "what is added to the diagonal of C, in parts of its mean; a number above 0, doubled until C"
                                + " can be inverted"),
                new MethodOption("batches", "8", "how many minibatches are read ahead, a whole number above 0"));
    }

    @Override
    public Need need() {
        return Need.INPUTS;
    }

    @Override
    public InputStatistics statistics(TargetWeight target) {
        OptionValues options = target.optionsOf(this);
        return new InputCovariance(target.layer(), target.inputs(), options.choice("normalise", Normalisation.class));
    }

    @Override
    public Factors start(Start start) {
        InputCovariance inputs = start.statistics(InputCovariance.class);
        DampedCovariance damped = DampedCovariance.of(
                start.layer(),
                inputs.covariance(),
                inputs.rows(),
                start.options().positiveDouble("damping"));
        ThinSvd svd = weighted(damped, start);
        int first = start.options().choice("mode", Mode.class) == Mode.IPM ? 0 : svd.size() - start.rank();
        int[] triplets = IntStream.range(first, first + start.rank()).toArray();
        Factors ofProduct = SingularFactors.balanced(svd, triplets, start.scale());
        for (int i = Math.max(0, svd.rank() - first); i < start.rank(); i++) {
            // What rounding made of 0.
            ofProduct.a().getColumn(i).assign(0);
            ofProduct.b().getRow(i).assign(0);
        }
        return DeadPairs.revived(new Factors(damped.inverse().mmul(ofProduct.a()), ofProduct.b()), start);
    }

    /** The decomposition of C' W. */
    public static ThinSvd weighted(DampedCovariance damped, Start start) {
        return ThinSvd.of(
                damped.matrix().mmul(start.weight().castTo(damped.matrix().dataType())));
    }
}
