package org.lowrank4j.update;

import java.util.List;
import java.util.Optional;
import org.lowrank4j.LowRankException;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.decomposition.Inverse;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * OFT, orthogonal fine-tuning (arXiv 2306.07280, and OFTv2, arXiv 2506.19847, as in the reference PEFT library):
 * the inputs of a layer are rotated in groups, and only the rotations are trained.
 *
 * <pre>
 * W = R W0,   R block-diagonal (nIn x nIn),   Q skew-symmetric, its upper triangle V row by row, one Q for each block
 * terms=exact:    R = (I - Q) (I + Q)^-1
 * terms=t:        R = I + 2 Q + ... + 2 Q^(t-2) + Q^(t-1), which tends to (I + Q) (I - Q)^-1, the inverse of the above
 * dL/dR = G W0^T on the blocks,   dV = upper(dL/dQ - dL/dQ^T)
 * </pre>
 *
 * <p>V starts at 0, so R = I and the network starts unchanged. With {@code terms=exact} every W has the singular values of
 * W0; a series of t terms, PEFT's default with t = 5, has them as long as V is small. Trained are (nIn / block) block (block - 1) / 2
 * numbers, or one block with {@code share=yes}. A block that does not divide nIn becomes the nearest that does.
 * {@code constrained=yes} (COFT) holds the norm of each Q within {@code radius} / sqrt(blocks), that is W near W0. {@code
 * rank}, {@code alpha} and {@code scaling} have no effect.
 *
 * <p>It keeps and saves W0, and its gradient takes the whole G: two arrays of the size of W. A program that writes to W gives a
 * new W0, and V starts anew from 0.
 */
public final class Oft implements OwnUpdate {

    private static final String TERMS = "terms";

    @Override
    public String name() {
        return "oft";
    }

    @Override
    public boolean usesRank() {
        return false;
    }

    /** {@inheritDoc} A single input has nothing to be rotated with. */
    @Override
    public int fewestInputs() {
        return 2;
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption("block", "32", "how many inputs are rotated together, 2 or more"),
                new MethodOption(TERMS, "5", "of the series for R, 2 or more, or exact for its limit's inverse"),
                new MethodOption("share", "no", "whether all blocks are the same: yes or no"),
                new MethodOption("constrained", "no", "whether R stays near I: yes or no"),
                new MethodOption("radius", "6e-5", "how near, with constrained=yes, a number above 0"));
    }

    @Override
    public Optional<String> constraintRefusal() {
        return Optional.of(BaseWeight.CONSTRAINT_REFUSAL);
    }

    private enum Named {
        EXACT
    }

    @Override
    public TargetUpdate attach(TargetWeight target) {
        OptionValues options = target.optionsOf(this);
        int asked = options.positiveInt("block");
        if (asked == 1) {
            throw new LowRankException(
                    "oft.block=1 is refused: a single input has nothing to be rotated with. Use 2 or more.");
        }
        int side = block(target, asked);
        int blocks = Math.toIntExact(target.inputs() / side);
        double radius = options.positiveDouble("radius") / Math.sqrt(blocks);
        return new Target(
                target,
                side,
                options.yes("share") ? 1 : blocks,
                rotation(options),
                options.yes("constrained") ? radius : Double.POSITIVE_INFINITY);
    }

    private static Rotation rotation(OptionValues options) {
        if (!options.text(TERMS).matches("\\d+")) {
            options.choice(TERMS, Named.class);
            return new Cayley();
        }
        int terms = options.positiveInt(TERMS, 1000);
        if (terms == 1) {
            throw new LowRankException(
                    "oft.terms=1 is refused: a series of one term is I, and nothing would move. Use 2 or"
                            + " more, or exact.");
        }
        return new Series(terms);
    }

    /** The divisor of nIn that is nearest to what was asked for, the smaller of two. */
    private static int block(TargetWeight target, int asked) {
        int inputs = Math.toIntExact(target.inputs());
        for (int away = 0; away < Math.max(asked, inputs); away++) {
            for (int side : new int[] {asked - away, asked + away}) {
                if (side > 0 && side <= inputs && inputs % side == 0) {
                    if (side == 1) {
                        break;
                    }
                    return side;
                }
            }
        }
        throw new LowRankException("oft.block=" + asked + " is refused: layer " + target.layer() + " has " + inputs
                + (inputs == 1 ? " input" : " inputs")
                + ", and a single one cannot be rotated. Leave the layer out (exclude="
                + target.layer() + ").");
    }

    /** An orthogonal matrix, or nearly so, from a skew-symmetric one. */
    private interface Rotation {

        /** R of Q. */
        INDArray of(INDArray q);

        /** dL/dQ from dL/dR. */
        INDArray gradient(INDArray q, INDArray ofRotation);
    }

    /** R = (I - Q) (I + Q)^-1. */
    private record Cayley() implements Rotation {

        @Override
        public INDArray of(INDArray q) {
            return of(q, inverse(q));
        }

        private static INDArray of(INDArray q, INDArray inverse) {
            return unit(q).subi(q).mmul(inverse);
        }

        private static INDArray inverse(INDArray q) {
            return Inverse.of(unit(q).addi(q));
        }

        @Override
        public INDArray gradient(INDArray q, INDArray ofRotation) {
            INDArray inverse = inverse(q);
            INDArray left = of(q, inverse).addi(unit(q));
            return left.transpose().mmul(ofRotation).mmul(inverse.transpose()).negi();
        }
    }

    /**
     * R = I + Q H_1, H_k = c_k I + Q H_(k + 1), with c_k = 2 up to the last, which is 1.
     *
     * @param terms t
     */
    private record Series(int terms) implements Rotation {

        @Override
        public INDArray of(INDArray q) {
            return tails(q)[0];
        }

        /** H_0 = R to H_(t - 1). */
        private INDArray[] tails(INDArray q) {
            INDArray[] tails = new INDArray[terms];
            tails[terms - 1] = unit(q);
            for (int k = terms - 2; k >= 0; k--) {
                tails[k] = q.mmul(tails[k + 1]).addi(unit(q).muli(k == 0 ? 1 : 2));
            }
            return tails;
        }

        @Override
        public INDArray gradient(INDArray q, INDArray ofRotation) {
            INDArray[] tails = tails(q);
            INDArray sum = q.mul(0);
            INDArray ofTail = ofRotation;
            for (int k = 0; k < terms - 1; k++) {
                sum.addi(ofTail.mmul(tails[k + 1].transpose()));
                ofTail = q.transpose().mmul(ofTail);
            }
            return sum;
        }
    }

    private static INDArray unit(INDArray like) {
        return Nd4j.eye(like.size(0)).castTo(DataType.DOUBLE);
    }

    /** The rotations of one weight, whose small matrices are made in double. */
    private static final class Target extends AttachedUpdate {

        private final int side;
        private final Rotation rotation;
        /** The largest Frobenius norm of a Q. */
        private final double radius;

        private final BaseWeight base;
        private final INDArray angles;
        private final INDArray formed;

        Target(TargetWeight target, int side, int blocks, Rotation rotation, double radius) {
            super(target);
            this.side = side;
            this.rotation = rotation;
            this.radius = radius;
            angles = trained("V", 'c', true, blocks, (long) side * (side - 1) / 2);
            base = new BaseWeight(target);
            formed =
                    kept().work("G", target.weight().ordering(), target.weight().shape());
        }

        @Override
        public void start() {
            base.take();
        }

        @Override
        public void beforeForward(int iteration, int epoch) {
            if (base.isOverwritten()) {
                base.take();
                angles.assign(0);
            }
        }

        @Override
        public void gradient(WeightGradient gradient, INDArray[] gradients) {
            gradient.formed(formed, 0);
            INDArray ofRotation = Nd4j.createUninitialized(formed.dataType(), new long[] {side, side}, 'f');
            int shown = (int) (target().inputs() / side / angles.size(0));
            for (int block = 0; block < angles.size(0); block++) {
                for (int i = 0; i < shown; i++) {
                    Blas.gemm(
                            rows(formed, block + i),
                            rows(base.value(), block + i),
                            ofRotation,
                            false,
                            true,
                            1,
                            i == 0 ? 0 : 1);
                }
                INDArray ofSkew = rotation.gradient(skew(block), ofRotation.castTo(DataType.DOUBLE));
                write(ofSkew.sub(ofSkew.transpose()), gradients[0], block);
            }
        }

        @Override
        public void move(INDArray[] steps) {
            angles.subi(steps[0]);
            INDArray[] rotations = new INDArray[(int) angles.size(0)];
            for (int i = 0; i < rotations.length; i++) {
                constrain(i);
                rotations[i] = rotation.of(skew(i)).castTo(formed.dataType());
            }
            for (int block = 0; block < target().inputs() / side; block++) {
                INDArray rotated = rotations[block % rotations.length];
                Blas.gemm(rotated, rows(base.value(), block), rows(formed, block), false, false, 1, 0);
            }
            target().weight().assign(formed);
            base.moved();
        }

        /** Q has each entry of V twice. */
        private void constrain(int block) {
            INDArray row = angles.getRow(block);
            double norm = Math.sqrt(2) * row.norm2Number().doubleValue();
            if (norm > radius) {
                row.muli(radius / norm);
            }
        }

        private INDArray skew(int block) {
            double[] entries = angles.getRow(block).toDoubleVector();
            double[][] matrix = new double[side][side];
            int next = 0;
            for (int i = 0; i < side; i++) {
                for (int j = i + 1; j < side; j++) {
                    matrix[i][j] = entries[next];
                    matrix[j][i] = -entries[next];
                    next++;
                }
            }
            return Nd4j.createFromArray(matrix);
        }

        private void write(INDArray skew, INDArray gradient, int block) {
            double[][] matrix = skew.toDoubleMatrix();
            double[] entries = new double[Math.toIntExact(gradient.size(1))];
            int next = 0;
            for (int i = 0; i < side; i++) {
                for (int j = i + 1; j < side; j++) {
                    entries[next++] = matrix[i][j];
                }
            }
            gradient.getRow(block).assign(Nd4j.createFromArray(entries).castTo(gradient.dataType()));
        }

        private INDArray rows(INDArray matrix, int block) {
            return matrix.get(
                    NDArrayIndex.interval((long) block * side, (long) (block + 1) * side), NDArrayIndex.all());
        }
    }
}
