package org.lowrank4j.gradient;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.decomposition.SymmetricEigen;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.KeptNumber;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Shampoo (arXiv 1802.09568, algorithms 1 and 2): an AdaGrad whose second moments are matrices, one for each side of W, and
 * for a convolution one each for filters, channels and the sides of the kernel.
 *
 * <pre>
 * L = L + G G^T,   R = R + G^T G                 from epsilon I, in every step
 * W -= rate * L^(-1/4) G R^(-1/4)                roots anew every {@code refresh} steps
 * k sides:   H_i = H_i + G_i G_i^T,   -1/(2k) in the place of -1/4      G_i: side i of G by all others
 * </pre>
 *
 * <p>A side that is longer than {@code longest} keeps the diagonal of its matrix only, as the paper has it for such sides;
 * one of length 1 is no side. The first step is near U V^T, see {@link NormDescent}; later ones get shorter, as AdaGrad's do:
 * the sums forget nothing.
 *
 * <p>State: two n x n arrays for each side of length n. A decomposition of all of them every {@code refresh} steps, which
 * takes about 10 n^3 operations each. Published rate 0.1, epsilon 1e-4, roots every 1 to 100 steps.
 */
public final class Shampoo implements MatrixOptimiser {

    @Override
    public String name() {
        return "shampoo";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption("refresh", "1", "steps between two decompositions of the second moments"),
                new MethodOption("epsilon", "1e-4", "what the diagonals start at, a number above 0"),
                new MethodOption(
                        "longest", "1024", "the longest side that has a matrix; longer ones have its diagonal"));
    }

    @Override
    public TargetUpdate approximate(TargetUpdate update, TargetWeight target) {
        OptionValues options = target.optionsOf(this);
        int refresh = options.positiveInt("refresh");
        double epsilon = options.positiveDouble("epsilon");
        int longest = options.positiveInt("longest");
        Kept kept = target.kept().under(name());
        long[] shape = shape(target);
        int[] axes =
                IntStream.range(0, shape.length).filter(axis -> shape[axis] > 1).toArray();
        double exponent = -0.5 / Math.max(1, axes.length);
        List<Moment> moments = new ArrayList<>();
        for (int axis : axes) {
            Kept ofSide = kept.under("side" + axis);
            moments.add(
                    shape[axis] > longest
                            ? new Diagonal(axis, shape[axis], epsilon, ofSide)
                            : new Matrix(axis, shape[axis], epsilon, ofSide));
        }
        KeptNumber step = kept.number("step", 0);
        return new MatrixStep(update, target) {
            @Override
            void makeDirection(INDArray gradient) {
                // A column of G is a filter, so its memory is the kernel's, row by row.
                INDArray tensor = gradient.reshape('f', new long[] {gradient.length()})
                        .dup()
                        .reshape('c', shape);
                INDArray direction = tensor;
                for (Moment moment : moments) {
                    moment.add(tensor);
                    if (step.get() % refresh == 0) {
                        moment.takeRoot(exponent);
                    }
                    direction = moment.times(direction);
                }
                gradient.assign(direction
                        .dup('c')
                        .reshape('c', new long[] {gradient.length()})
                        .reshape('f', gradient.shape()));
                step.increment();
            }
        };
    }

    /** Filters, then the rows of W: channels and the places of the kernel, or the inputs. */
    private static long[] shape(TargetWeight target) {
        long[] kernel = target.kernel().stream().mapToLong(Long::longValue).toArray();
        long places = Arrays.stream(kernel).reduce(1, Math::multiplyExact);
        long channels = target.inputs() / places;
        LongStream rows = kernel.length == 1
                ? LongStream.of(kernel[0], channels)
                : LongStream.concat(LongStream.of(channels), LongStream.of(kernel));
        return Stream.of(LongStream.of(target.outputs()), rows)
                .flatMapToLong(sides -> sides)
                .toArray();
    }

    /** The second moments along one side of the gradient, and their root. */
    private abstract static class Moment {

        private final int axis;

        Moment(int axis) {
            this.axis = axis;
        }

        /** Adds those of a gradient. */
        abstract void add(INDArray tensor);

        abstract void takeRoot(double exponent);

        abstract INDArray timesRoot(INDArray unfolded);

        /** The product of the root with this side of a tensor. */
        final INDArray times(INDArray tensor) {
            INDArray product = timesRoot(unfolded(tensor));
            int[] order = order(tensor.rank());
            long[] shape = Arrays.stream(order).mapToLong(tensor::size).toArray();
            int[] back = new int[order.length];
            for (int i = 0; i < order.length; i++) {
                back[order[i]] = i;
            }
            return product.dup('c').reshape('c', shape).permute(back);
        }

        /** This side by all others. */
        final INDArray unfolded(INDArray tensor) {
            INDArray first = tensor.permute(order(tensor.rank())).dup('c');
            return first.reshape('c', first.size(0), first.length() / first.size(0));
        }

        /** This side first. */
        private int[] order(int rank) {
            return IntStream.concat(IntStream.of(axis), IntStream.range(0, rank).filter(other -> other != axis))
                    .toArray();
        }
    }

    private static final class Matrix extends Moment {

        private final double epsilon;
        private final INDArray sum;
        private final INDArray root;

        Matrix(int axis, long length, double epsilon, Kept kept) {
            super(axis);
            this.epsilon = epsilon;
            sum = kept.array("sum", 'f', length, length);
            root = kept.array("root", 'f', length, length);
            kept.fill(() -> sum.assign(Nd4j.eye(length).muli(epsilon)));
        }

        @Override
        void add(INDArray tensor) {
            INDArray unfolded = unfolded(tensor);
            Blas.gemm(unfolded, unfolded, sum, false, true, 1, 1);
        }

        @Override
        void takeRoot(double exponent) {
            SymmetricEigen eigen = SymmetricEigen.of(sum);
            // No eigenvalue is below epsilon, but for rounding.
            double[] powers = Arrays.stream(eigen.values())
                    .map(value -> Math.pow(Math.max(value, epsilon), exponent))
                    .toArray();
            INDArray vectors = eigen.vectors();
            root.assign(vectors.mulRowVector(Nd4j.createFromArray(powers)).mmul(vectors.transpose()));
        }

        @Override
        INDArray timesRoot(INDArray unfolded) {
            INDArray product = MatrixStep.empty(unfolded, unfolded.size(0), unfolded.size(1));
            Blas.gemm(root, unfolded, product, false, false, 1, 0);
            return product;
        }
    }

    private static final class Diagonal extends Moment {

        private final INDArray sum;
        private final INDArray root;

        Diagonal(int axis, long length, double epsilon, Kept kept) {
            super(axis);
            sum = kept.array("sum", 'f', length, 1);
            root = kept.array("root", 'f', length, 1);
            kept.fill(() -> sum.assign(epsilon));
        }

        @Override
        void add(INDArray tensor) {
            INDArray unfolded = unfolded(tensor);
            sum.addi(unfolded.mul(unfolded).sum(1).reshape(sum.shape()));
        }

        @Override
        void takeRoot(double exponent) {
            root.assign(Transforms.pow(sum, exponent));
        }

        @Override
        INDArray timesRoot(INDArray unfolded) {
            return unfolded.mulColumnVector(root);
        }
    }
}
