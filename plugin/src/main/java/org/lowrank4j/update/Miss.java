package org.lowrank4j.update;

import java.util.List;
import org.lowrank4j.LowRankException;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * MiSS (arXiv 2409.15371, as in the reference PEFT library): one trained block D (r x nOut) is added to W again
 * and again, to each r rows of it.
 *
 * <pre>
 * W[i, :] = W0[i, :] + D[i mod r, :],   dD[k, :] = sum of G[i, :] over all i with i mod r = k
 * </pre>
 *
 * <p>With E (nIn x r), whose row i is the unit vector i mod r, the change is E D and its gradient E^T G: half of what LoRA
 * trains, half of its products, and G is never formed. D starts at 0, so the network starts unchanged. There is no alpha:
 * {@code alpha} and {@code scaling} have no effect. Published with rank 64.
 *
 * <p>Two other forms. With {@code form=mini} the block has only {@code mini} columns, which are repeated along the outputs
 * (mini must divide nOut). With {@code form=bat}, formerly Bone, there is a block D_j (r x r) for each r outputs, and what is
 * added depends on W0:
 *
 * <pre>W_ij = W0_ij + D_j^T (W0_ij + I),   dD_j = sum_i (W0_ij + I) G_ij^T   on tiles of r x r</pre>
 *
 * <p>which takes the whole G, and W0 beside W: a program that writes to W gives a new W0, and D starts anew from 0. There r
 * must divide nIn and nOut.
 */
public final class Miss implements OwnUpdate {

    /** What is repeated where. */
    enum Form {
        /** One block for all outputs. */
        BALANCE,
        /** A block of few columns. */
        MINI,
        /** A square block for each group of outputs, multiplied by what is there. */
        BAT
    }

    @Override
    public String name() {
        return "miss";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption(
                        "form",
                        "balance",
                        "balance: a block of r x nOut; mini: of r x mini; bat: blocks of r x r that act on W"),
                new MethodOption("mini", "1", "the columns of the block of form=mini, a divisor of nOut"));
    }

    @Override
    public TargetUpdate attach(TargetWeight target) {
        OptionValues options = target.optionsOf(this);
        Form form = options.choice("form", Form.class);
        int columns = options.positiveInt("mini");
        return switch (form) {
            case BALANCE -> new OneFactor(target, "D", units(target, target.inputs(), target.rank()), true, 1);
            case MINI -> new Mini(target, columns);
            case BAT -> new Bat(target);
        };
    }

    /** A matrix whose row i is the unit vector i mod the number of columns, one for all targets of that size. */
    private static INDArray units(TargetWeight target, long rows, long columns) {
        String name = "unit vectors " + rows + " by " + columns;
        return target.shared().array(name, target.kept(), 'f', new long[] {rows, columns}, units -> {
            for (long i = 0; i < rows; i++) {
                units.putScalar(i, i % columns, 1);
            }
        });
    }

    private static void requireDivisor(long part, String whole, long size, String option, TargetWeight target) {
        if (size % part != 0) {
            throw new LowRankException(option + " is refused: " + part + " does not divide the " + size + " " + whole
                    + " of layer " + target.layer() + ". Use a divisor, or miss.form=balance.");
        }
    }

    /** E D F of one weight, where F repeats the columns of D. */
    private static final class Mini extends AttachedUpdate {

        private final INDArray rows;
        /** F^T, nOut x mini. */
        private final INDArray columns;

        private final INDArray block;
        /** E times the step of D. */
        private final INDArray moved;

        Mini(TargetWeight target, int width) {
            super(target);
            requireDivisor(width, "outputs", target.outputs(), "miss.mini=" + width, target);
            rows = units(target, target.inputs(), target.rank());
            columns = units(target, target.outputs(), width);
            block = trained("D", 'c', true, target.rank(), width);
            moved = kept().work("E dD", 'f', target.inputs(), width);
        }

        @Override
        public void gradient(WeightGradient gradient, INDArray[] gradients) {
            gradient.between(rows, columns, 1, gradients[0], 0);
        }

        @Override
        public void move(INDArray[] steps) {
            block.subi(steps[0]);
            Blas.gemm(rows, steps[0], moved, false, false, 1, 0);
            Blas.gemm(moved, columns, target().weight(), false, true, -1, 1);
        }
    }

    /** Blocks of one weight that act on what it was. */
    private static final class Bat extends AttachedUpdate {

        private final int side;
        private final BaseWeight base;
        /** The blocks below each other, nOut x r. */
        private final INDArray blocks;

        private final INDArray formed;
        /** A tile of W0, with 1 added to its diagonal. */
        private final INDArray shifted;

        private final INDArray tile;
        private final INDArray unit;

        Bat(TargetWeight target) {
            super(target);
            side = target.rank();
            requireDivisor(side, "inputs", target.inputs(), "rank=" + side + " with miss.form=bat", target);
            requireDivisor(side, "outputs", target.outputs(), "rank=" + side + " with miss.form=bat", target);
            base = new BaseWeight(target);
            blocks = trained("D", 'c', true, target.outputs(), side);
            formed = kept().work("G", target.weight().ordering(), target.inputs(), target.outputs());
            shifted = kept().work("W0 + I", 'f', side, side);
            tile = kept().work("dW", 'f', side, side);
            unit = units(target, side, side);
        }

        @Override
        public void start() {
            base.take();
        }

        @Override
        public void beforeForward(int iteration, int epoch) {
            if (base.isOverwritten()) {
                base.take();
                blocks.assign(0);
            }
        }

        @Override
        public void gradient(WeightGradient gradient, INDArray[] gradients) {
            gradient.formed(formed, 0);
            for (long j = 0; j < target().outputs(); j += side) {
                INDArray ofBlock = block(gradients[0], j);
                for (long i = 0; i < target().inputs(); i += side) {
                    shifted.assign(tile(base.value(), i, j)).addi(unit);
                    tile.assign(tile(formed, i, j));
                    Blas.gemm(shifted, tile, ofBlock, false, true, 1, i == 0 ? 0 : 1);
                }
            }
        }

        @Override
        public void move(INDArray[] steps) {
            blocks.subi(steps[0]);
            for (long j = 0; j < target().outputs(); j += side) {
                for (long i = 0; i < target().inputs(); i += side) {
                    INDArray original = tile(base.value(), i, j);
                    shifted.assign(original).addi(unit);
                    Blas.gemm(block(blocks, j), shifted, tile, true, false, 1, 0);
                    tile(target().weight(), i, j).assign(tile.addi(original));
                }
            }
            base.moved();
        }

        private INDArray block(INDArray array, long row) {
            return array.get(NDArrayIndex.interval(row, row + side), NDArrayIndex.all());
        }

        private INDArray tile(INDArray matrix, long row, long column) {
            return matrix.get(NDArrayIndex.interval(row, row + side), NDArrayIndex.interval(column, column + side));
        }
    }
}
