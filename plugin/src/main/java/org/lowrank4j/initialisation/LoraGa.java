package org.lowrank4j.initialisation;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.lowrank4j.LowRankException;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.MethodOption;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * LoRA-GA (arXiv 2407.05000, section 3 and the released code): A and B start in the leading singular directions of the
 * gradient, so that the first step of the factors moves W along the best rank-2r approximation of dL/dW.
 *
 * <p>With dL/dW = U S V^T (nIn x nOut) and disjoint index sets I and J within the first 2r triplets, A = c U[:, I] and B
 * = c V[:, J]^T. One step of plain SGD with rate lambda then moves W by -lambda s^2 c^2 [dL/dW]_2r to first order. The
 * network's function does not change at the start; the base is implicitly W - s A B.
 *
 * <p>Published with rsLoRA scaling, on 8 to 128 examples. The size of the first step goes with s^2 c^2, so the usable learning rate depends on
 * gamma and alpha.
 */
public final class LoraGa implements Initialisation {

    private static final int POWER_ITERATIONS = 4;

    /** Which of the first 2r triplets each factor takes. */
    public enum Direction {
        /** A the first r, B the next r. */
        ARB2R {
            @Override
            int[][] indices(int rank, Random random) {
                return new int[][] {range(0, rank, 1), range(rank, rank, 1)};
            }
        },
        /** A the second r, B the first r. */
        A2RBR {
            @Override
            int[][] indices(int rank, Random random) {
                return new int[][] {range(rank, rank, 1), range(0, rank, 1)};
            }
        },
        /** A the odd ones, B the even ones. */
        ARBR {
            @Override
            int[][] indices(int rank, Random random) {
                return new int[][] {range(1, rank, 2), range(0, rank, 2)};
            }
        },
        /** A a random half, B the other half. */
        RANDOM {
            @Override
            int[][] indices(int rank, Random random) {
                int[] all = range(0, 2 * rank, 1);
                for (int i = all.length - 1; i > 0; i--) {
                    int other = random.nextInt(i + 1);
                    int swapped = all[i];
                    all[i] = all[other];
                    all[other] = swapped;
                }
                return new int[][] {Arrays.copyOfRange(all, 0, rank), Arrays.copyOfRange(all, rank, 2 * rank)};
            }
        };

        /** The indices of A and those of B. */
        abstract int[][] indices(int rank, Random random);

        private static int[] range(int first, int count, int step) {
            int[] range = new int[count];
            for (int i = 0; i < count; i++) {
                range[i] = first + i * step;
            }
            return range;
        }
    }

    /** The factor c of both A and B. */
    public enum Scale {
        /** c = nOut^(1/4) / sqrt(gamma): the size of the update does not depend on the layer's width. */
        STABLE,
        /** c = 1: orthonormal factors. */
        UNIT,
        /** c = 1 / s: the first step is that of full training. */
        GD,
        /** c = the mean of sqrt(sigma_i / s) over the r leading singular values of W. */
        WEIGHTS
    }

    @Override
    public String name() {
        return "lora-ga";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption("gamma", "16", "the divisor of the stable scale, a number above 0"),
                new MethodOption(
                        "direction",
                        "ArB2r",
                        "which of the first 2r singular triplets A and B take: ArB2r, A2rBr, ArBr or random"),
                new MethodOption("scale", "stable", "the size of A and B: stable, unit, gd or weightS"),
                new MethodOption(
                        "norm-clip",
                        "false",
                        "whether A and B shrink until max|s A B| is at most max|W|: true or false"),
                new MethodOption("batches", "1", "how many minibatches the gradient is averaged over, 1 or more"));
    }

    @Override
    public Need need() {
        return Need.GRADIENT;
    }

    /** A and B take r singular directions of the gradient each. */
    @Override
    public long largestRank(long inputs, long outputs) {
        return Math.min(inputs, outputs) / 2;
    }

    @Override
    public Factors start(Start start) {
        int rank = start.rank();
        long largest = largestRank(start.inputs(), start.outputs());
        if (rank > largest) {
            throw new LowRankException("lora-ga takes 2 x rank = " + 2 * rank
                    + " singular directions of the gradient, and a weight of " + start.inputs() + " x "
                    + start.outputs() + " has only " + Math.min(start.inputs(), start.outputs()) + ". Use "
                    + (largest > 0 ? "a rank of at most " + largest + " for this layer, or " : "")
                    + "another initialisation.");
        }
        int[][] indices = start.options().choice("direction", Direction.class).indices(rank, start.random());
        ThinSvd triplets = LeadingTriplets.of(start.gradient(), 4 * rank, POWER_ITERATIONS, start.random());
        return factors(start, triplets, indices[0], indices[1]);
    }

    /**
     * The factors from given triplets of the gradient.
     *
     * @param triplets a decomposition of the gradient with all the triplets that the indices name
     * @param inputSide the r triplets whose left vectors become the columns of A
     * @param outputSide the r triplets whose right vectors become the rows of B
     */
    public static Factors factors(Start start, ThinSvd triplets, int[] inputSide, int[] outputSide) {
        double c = factor(start);
        INDArray a = triplets.left(inputSide).muli(c);
        INDArray b = triplets.right(outputSide).muli(c);
        if (start.options().choice("norm-clip", Switch.class) == Switch.TRUE) {
            double offset = Math.abs(start.scale()) * largest(a.mmul(b));
            double ratio = largest(start.weight()) / offset;
            if (ratio < 1) {
                a.muli(Math.sqrt(ratio));
                b.muli(Math.sqrt(ratio));
            }
        }
        return new Factors(a, b);
    }

    /** The factor c of both A and B that the option scale asks for. */
    public static double factor(Start start) {
        return switch (start.options().choice("scale", Scale.class)) {
            case STABLE ->
                Math.pow(start.outputs(), 0.25) / Math.sqrt(start.options().positiveDouble("gamma"));
            case UNIT -> 1;
            case GD -> 1 / start.scale();
            case WEIGHTS -> {
                double[] values = ThinSvd.of(start.weight()).singularValues();
                double sum = 0;
                for (int i = 0; i < start.rank(); i++) {
                    sum += Math.sqrt(values[i] / start.scale());
                }
                yield sum / start.rank();
            }
        };
    }

    private static double largest(INDArray array) {
        return array.normmaxNumber().doubleValue();
    }

    private enum Switch {
        TRUE,
        FALSE
    }
}
