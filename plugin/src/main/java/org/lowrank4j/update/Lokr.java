package org.lowrank4j.update;

import java.util.List;
import java.util.Random;
import java.util.Set;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * LoKr, the Kronecker product of two small matrices (KronA, arXiv 2212.10650, and LyCORIS, arXiv 2309.14859, as in the
 * reference PEFT library):
 *
 * <pre>
 * W moves by s kron(K1, K2),   nIn = rows(K1) rows(K2),   nOut = columns(K1) columns(K2)
 * dK1_ij = s &lt;G_ij, K2&gt;,   dK2 = s sum K1_ij G_ij     over the blocks G_ij of G, each of the size of K2
 * </pre>
 *
 * <p>A side is cut into two factors near its square root, or into {@code factor} and the rest; the smaller one is K1's. K2 is
 * a product L2 R2 of rank r where r is below half of its longer side, and otherwise trained itself; K1 likewise, but only
 * with {@code both=yes}. s is alpha / r in any case. The rank of the change is rank(K1) rank(K2), up to the full one.
 *
 * <p>K1 starts at 0 and K2 uniform, within 1 / sqrt of its rows or of r; with {@code zero=second} it is the other way round,
 * as in LyCORIS. A prime width has no factors but 1 and itself: K1 has one row there. Of a convolution the channels are cut, and
 * the kernel stays in K2. The gradients take the whole G, and two arrays of its size.
 */
public final class Lokr implements OwnUpdate {

    /** Which matrix starts at 0. */
    enum Zero {
        FIRST,
        SECOND
    }

    @Override
    public String name() {
        return "lokr";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption(
                        "factor",
                        "-1",
                        "K1's part of each side, a whole number above 0 where it divides the side, and the most that it may"
                                + " be elsewhere; -1 for near the square root"),
                new MethodOption(
                        "both", "no", "whether K1, too, is a product of rank r where it is large enough: yes or no"),
                new MethodOption(
                        "zero", "first", "the matrix that starts at 0: first, as in PEFT, or second, as in LyCORIS"));
    }

    @Override
    public boolean usesScale() {
        return true;
    }

    /** Two whole numbers whose product is the length of a side; the first is K1's. */
    public record Cut(long first, long second) {

        /**
         * As the PEFT library cuts a side.
         *
         * @param factor of the first where it divides the side, else the most that it may be; -1 for no limit
         */
        public static Cut of(long side, int factor) {
            if (factor > 0 && side % factor == 0) {
                return new Cut(factor, side / factor);
            }
            long most = factor == -1 ? side : factor;
            long first = 1;
            long second = side;
            while (first < second) {
                long next = first + 1;
                while (side % next != 0) {
                    next++;
                }
                if (next + side / next > first + second || next > most) {
                    break;
                }
                first = next;
                second = side / next;
            }
            return new Cut(Math.min(first, second), Math.max(first, second));
        }
    }

    /** Those that there are, by the shapes of the weight. */
    @Override
    public Set<String> factors() {
        return Set.of("K1", "L1", "R1", "K2", "L2", "R2");
    }

    @Override
    public TargetUpdate attach(TargetWeight target) {
        OptionValues options = target.optionsOf(this);
        boolean automatic = options.text("factor").equals("-1");
        return new Target(
                target,
                automatic ? -1 : options.positiveInt("factor"),
                options.yes("both"),
                options.choice("zero", Zero.class) == Zero.SECOND);
    }

    /** K1 and K2 of one weight. */
    private static final class Target extends AttachedUpdate {

        private final boolean secondIsZero;
        private final Cut rows;
        private final Cut columns;
        private final TrainedMatrix one;
        private final TrainedMatrix two;
        /** K1 and what it falls by in a step. */
        private final INDArray first;

        private final INDArray fallOfFirst;
        private final INDArray second;
        private final INDArray fallOfSecond;
        /** The vectors of K1 and of its fall, 2 columns. */
        private final INDArray left;
        /** The vectors of the fall of K2 and of K2, 2 rows. */
        private final INDArray right;
        /** Nin x nOut. */
        private final INDArray whole;
        /** The blocks as rows: each entry of K1 has its row, each of K2 its column. */
        private final INDArray blocks;

        Target(TargetWeight target, int factor, boolean both, boolean secondIsZero) {
            super(target);
            this.secondIsZero = secondIsZero;
            // A kernel of one side has its places outside of the channels.
            long places = target.kernel().size() < 2
                    ? 1
                    : target.kernel().stream().mapToLong(Long::longValue).reduce(1, Math::multiplyExact);
            Cut inputs = Cut.of(target.inputs() / places, factor);
            rows = new Cut(inputs.first(), inputs.second() * places);
            columns = Cut.of(target.outputs(), factor);
            one = matrix(1, both, inputs.first(), columns.first(), inputs.first());
            two = matrix(2, true, rows.second(), columns.second(), inputs.second());
            first = kept().work("K1", 'c', rows.first(), columns.first());
            fallOfFirst = kept().work("dK1", 'c', rows.first(), columns.first());
            second = kept().work("K2", 'c', rows.second(), columns.second());
            fallOfSecond = kept().work("dK2", 'c', rows.second(), columns.second());
            left = kept().work("[K1 | dK1]", 'f', rows.first() * columns.first(), 2);
            right = kept().work("[dK2 ; K2]", 'c', 2, rows.second() * columns.second());
            whole = kept().work("G", 'c', target.inputs(), target.outputs());
            blocks = kept().work("blocks of G", 'c', left.size(0), right.size(1));
        }

        /** @param side its rows without the places of a kernel */
        private TrainedMatrix matrix(int number, boolean mayBeProduct, long height, long width, long side) {
            long rank = target().rank();
            return mayBeProduct && 2 * rank < Math.max(side, width)
                    ? TrainedMatrix.product(this, "L" + number, "R" + number, height, rank, width)
                    : TrainedMatrix.whole(this, "K" + number, number == 1, height, width);
        }

        @Override
        public void start() {
            Random random = target().random("lokr");
            one.draw(random);
            two.draw(random);
            (secondIsZero ? two : one).right().assign(0);
        }

        @Override
        public void gradient(WeightGradient gradient, INDArray[] gradients) {
            gradient.formed(whole, 0);
            asBlocks(blocks).assign(asSides(whole).permute(0, 2, 1, 3));
            double scale = target().scale();
            INDArray ofFirst = fallOfFirst;
            Blas.gemm(blocks, column(two.value(second)), column(ofFirst), false, false, scale, 0);
            one.gradient(ofFirst, gradients);
            INDArray ofSecond = fallOfSecond;
            Blas.gemm(row(one.value(first)), blocks, row(ofSecond), false, false, scale, 0);
            two.gradient(ofSecond, gradients);
        }

        @Override
        public void move(INDArray[] steps) {
            // kron(K1, K2) - kron(K1', K2') = kron(K1, dK2) + kron(dK1, K2')
            part(left, true, 0).assign(column(one.value(first)));
            one.move(steps, fallOfFirst);
            part(left, true, 1).assign(column(fallOfFirst));
            two.move(steps, fallOfSecond);
            part(right, false, 0).assign(row(fallOfSecond));
            part(right, false, 1).assign(row(two.value(second)));
            Blas.gemm(left, right, blocks, false, false, target().scale(), 0);
            asSides(whole).assign(asBlocks(blocks).permute(0, 2, 1, 3));
            target().weight().subi(whole);
        }

        private INDArray asBlocks(INDArray array) {
            return array.reshape('c', rows.first(), columns.first(), rows.second(), columns.second());
        }

        private INDArray asSides(INDArray array) {
            return array.reshape('c', rows.first(), rows.second(), columns.first(), columns.second());
        }

        private static INDArray column(INDArray array) {
            return array.reshape('c', array.length(), 1);
        }

        private static INDArray row(INDArray array) {
            return array.reshape('c', 1, array.length());
        }

        private static INDArray part(INDArray array, boolean column, int number) {
            return column
                    ? array.get(NDArrayIndex.all(), NDArrayIndex.interval(number, number + 1))
                    : array.get(NDArrayIndex.interval(number, number + 1), NDArrayIndex.all());
        }
    }
}
