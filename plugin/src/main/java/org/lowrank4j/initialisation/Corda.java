package org.lowrank4j.initialisation;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.lowrank4j.LowRankException;
import org.lowrank4j.decomposition.SymmetricEigen;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.kind.Tokens;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

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
 * <p>Of the tokens of an embedding C is diagonal, with the share of each token, and nothing is larger than W. Memory: while
 * reading, nIn x nIn doubles per layer, 128 MiB for nIn = 4096; at the start of a layer up to ten times
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
        return new InputCovariance(
                target.layer(), target.inputs(), options.choice("normalise", InputCovariance.Normalisation.class));
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
        return DeadPairs.revived(
                new Factors(SecondMoment.times(damped.inverse(), ofProduct.a()), ofProduct.b()), start);
    }

    /** The decomposition of C' W. */
    public static ThinSvd weighted(DampedCovariance damped, Start start) {
        return ThinSvd.of(SecondMoment.times(
                damped.matrix(), start.weight().castTo(damped.matrix().dataType())));
    }

    /**
     * The second moment C = mean of X^T X over the minibatches X of one layer's inputs, as {@link Corda} needs it: nIn x nIn
     * doubles, neither centred nor divided by rows.
     */
    public static final class InputCovariance implements InputStatistics {

        /** What a minibatch is divided by before it is added. */
        enum Normalisation {
            /**
             * The magnitude of its largest entry, with the sign taken into account only when looking for it, as published code
             * does. Where that entry is 0, the largest magnitude takes its place.
             */
            MAX,
            /** Nothing. */
            NONE
        }

        private final String layer;
        private final Normalisation normalisation;
        private final SecondMoment divided;
        private long minibatches;

        /**
         * No inputs yet.
         *
         * @param layer its name, for messages
         * @param inputs nIn
         */
        InputCovariance(String layer, long inputs, Normalisation normalisation) {
            this.layer = layer;
            this.normalisation = normalisation;
            this.divided = new SecondMoment(inputs);
        }

        @Override
        public void observe(INDArray x) {
            if (x.isEmpty()) {
                return;
            }
            try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
                INDArray exact = x.castTo(DataType.DOUBLE);
                if (!Double.isFinite(exact.norm1Number().doubleValue())) {
                    throw new LowRankException("corda cannot use the inputs of layer " + layer + ": minibatch "
                            + (minibatches + 1)
                            + " of calibration has entries that are NaN or infinite. Check the data and"
                            + " the weights of the layers below.");
                }
                divided.observe(exact.div(divisor(exact)));
                minibatches++;
            }
        }

        /** The largest entry is 1. */
        @Override
        public void observe(Tokens x) {
            divided.observe(x);
            minibatches++;
        }

        private double divisor(INDArray x) {
            if (normalisation == Normalisation.NONE) {
                return 1;
            }
            double largest = Math.abs(x.maxNumber().doubleValue());
            double divisor = largest > 0 ? largest : x.normmaxNumber().doubleValue();
            // A minibatch of zeros adds nothing, whatever it is divided by.
            return divisor > 0 ? divisor : 1;
        }

        /** How many rows of inputs were seen. */
        public long rows() {
            return divided.rows();
        }

        /**
         * C.
         *
         * @return nIn x nIn in double, a new array; of tokens its diagonal, nIn x 1
         * @throws LowRankException if no row was seen
         */
        public INDArray covariance() {
            if (minibatches == 0) {
                throw new LowRankException(
                        "corda needs the inputs of layer " + layer + ", and calibration read none. Check"
                                + " that the iterator has a minibatch with at least one step that no mask hides.");
            }
            return divided.mean().muli((double) rows() / minibatches);
        }
    }

    /**
     * C' = C + d mean(diag C) I, which has an inverse even where some directions of the inputs never vary.
     *
     * @param matrix C', nIn x nIn in double, or its diagonal, nIn x 1
     * @param inverse of C', likewise
     * @param damping d
     */
    public record DampedCovariance(INDArray matrix, INDArray inverse, double damping) {

        /** An inverse is good enough when the Frobenius norm of C' C'^-1 - I is below this. */
        private static final double INVERSE_ERROR = 0.05;

        /**
         * Damps by the first of d, 2 d, 4 d, ... that gives a good enough inverse.
         *
         * @param layer its name, for messages
         * @param covariance C, nIn x nIn, positive semidefinite
         * @param rows how many rows C was made of, for messages
         * @param firstDamping d, above 0
         * @throws LowRankException if C is 0, or so small or large that no damping up to 1 will do
         */
        public static DampedCovariance of(String layer, INDArray covariance, long rows, double firstDamping) {
            if (covariance.size(1) < covariance.size(0)) {
                INDArray matrix =
                        covariance.add(firstDamping * covariance.meanNumber().doubleValue());
                return new DampedCovariance(matrix, matrix.rdiv(1), firstDamping);
            }
            SymmetricEigen eigen = SymmetricEigen.of(covariance);
            long n = covariance.size(0);
            double mean = Arrays.stream(eigen.values()).sum() / n;
            double error = Double.NaN;
            if (mean > 0) {
                for (double damping = firstDamping; damping <= Math.max(1, firstDamping); damping *= 2) {
                    double added = damping * mean;
                    INDArray matrix =
                            plusIdentity(covariance.castTo(DataType.DOUBLE).dup(), added);
                    double[] reciprocals = Arrays.stream(eigen.values())
                            .map(value -> 1 / (value + added))
                            .toArray();
                    INDArray inverse = eigen.vectors()
                            .mulRowVector(Nd4j.createFromArray(reciprocals))
                            .mmul(eigen.vectors().transpose());
                    error = plusIdentity(matrix.mmul(inverse), -1).norm2Number().doubleValue();
                    if (error < INVERSE_ERROR) {
                        return new DampedCovariance(matrix, inverse, damping);
                    }
                }
            }
            throw new LowRankException("corda cannot invert the covariance of the inputs of layer " + layer + " (" + n
                    + " x " + n + ", from " + rows + " rows): its eigenvalues go from " + eigen.values()[(int) n - 1]
                    + " to " + eigen.values()[0] + " with a mean of " + mean
                    + (mean > 0
                            ? ", and even damped by 1 it times its inverse is " + error + " off the identity. Scale the"
                                    + " data, or choose another initialisation for this layer."
                            : ", so these inputs are all 0. Feed it inputs that vary, or choose another initialisation for"
                                    + " this layer."));
        }

        private static INDArray plusIdentity(INDArray square, double factor) {
            for (long i = 0; i < square.size(0); i++) {
                square.putScalar(i, i, square.getDouble(i, i) + factor);
            }
            return square;
        }
    }
}
