package org.lowrank4j.update;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * S2FT, structured sparse fine-tuning (arXiv 2412.06289 and the released code): of W only r rows, or r columns,
 * are trained, each in full.
 *
 * <pre>
 * W[units, :] = W0[units, :] + V,   dV = x[:, units]^T delta     for rows, which are inputs of the layer
 * W[:, units] = W0[:, units] + V,   dV = x^T delta[:, units]     for columns, its outputs
 * </pre>
 *
 * <p>V (r x nOut, or nIn x r) starts at 0, so the network starts unchanged, and the user's updater keeps its state for it
 * alone. r is the rule's rank; there is no alpha: {@code alpha} and {@code scaling} have no effect.
 *
 * <p>Units that are chosen at random depend on the seed and on their number alone. So a layer that trains columns and the
 * next one that trains rows choose the same hidden units, as the paper couples layers:
 *
 * <pre>update=s2ft, s2ft.side@layer0=columns, s2ft.side@layer1=rows</pre>
 *
 * <p>The paper also chooses by activations and by gradients, and finds random units about as good.
 */
public final class S2ft implements OwnUpdate {

    private static final String UNITS = "units";

    /** The choices that have a name. */
    enum Choice {
        RANDOM,
        LARGEST,
        SMALLEST
    }

    /** What a unit is. */
    enum Side {
        /** A row of W, an input. */
        ROWS,
        /** A column of W, an output. */
        COLUMNS
    }

    @Override
    public String name() {
        return "s2ft";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption(
                        "side", "rows", "rows trains what comes from r inputs, columns what goes to r outputs"),
                new MethodOption(
                        UNITS,
                        "random",
                        "which units train: random, those of the largest or smallest norm (largest, smallest), or as"
                                + " many as the rank from a number on, counted from 0"));
    }

    @Override
    public TargetUpdate attach(TargetWeight target) {
        OptionValues options = target.optionsOf(this);
        return new Target(target, options.choice("side", Side.class) == Side.ROWS, options);
    }

    /** V of one weight, beside the unit vectors of the chosen rows or columns. */
    private static final class Target extends OneFactor {

        private final boolean rows;
        private final int count;
        private final int from;
        private final @Nullable Choice choice;
        private final INDArray selection;
        private final INDArray units;

        Target(TargetWeight target, boolean rows, OptionValues options) {
            this(
                    target,
                    rows,
                    options,
                    rows
                            ? target.kept().work("chosen rows", 'f', target.inputs(), target.rank())
                            : target.kept().work("chosen columns", 'c', target.rank(), target.outputs()));
        }

        private Target(TargetWeight target, boolean rows, OptionValues options, INDArray selection) {
            super(target, "V", selection, rows, 1);
            this.rows = rows;
            this.selection = selection;
            count = Math.toIntExact(rows ? target.inputs() : target.outputs());
            String text = options.text(UNITS);
            boolean isNumber = text.matches("\\d{1,9}");
            from = isNumber ? Integer.parseInt(text) : 0;
            choice = isNumber ? null : options.choice(UNITS, Choice.class);
            if (from + target.rank() > count) {
                throw new LowRankException("s2ft.units=" + text + " is refused: layer " + target.layer()
                        + " has units 0 to " + (count - 1) + " there, and " + target.rank() + " of them from " + text
                        + " on are to train. Use at most " + (count - target.rank()) + ", or a lower rank.");
            }
            units = kept().numbers("units", target.rank());
            kept().afterRestoring(this::select);
        }

        @Override
        public void start() {
            int[] chosen = chosen();
            for (int i = 0; i < chosen.length; i++) {
                units.data().put(i, (long) chosen[i]);
            }
            select();
        }

        private int[] chosen() {
            int rank = target().rank();
            if (choice == null) {
                return IntStream.range(from, from + rank).toArray();
            }
            List<Integer> order =
                    new ArrayList<>(IntStream.range(0, count).boxed().toList());
            if (choice == Choice.RANDOM) {
                Collections.shuffle(order, new Random(target().shared().seed() * 31 + count));
            } else {
                double[] norms = target().weight().norm2(rows ? 1 : 0).toDoubleVector();
                Comparator<Integer> byNorm = Comparator.comparingDouble(unit -> norms[unit]);
                order.sort(choice == Choice.LARGEST ? byNorm.reversed() : byNorm);
            }
            return order.stream()
                    .limit(rank)
                    .mapToInt(Integer::intValue)
                    .sorted()
                    .toArray();
        }

        private void select() {
            selection.assign(0);
            for (int i = 0; i < target().rank(); i++) {
                long unit = units.data().getLong(i);
                if (unit < 0 || unit >= count) {
                    throw new LowRankException("The saved units of layer " + target().layer() + " have the number "
                            + unit + ", and there are units 0 to " + (count - 1)
                            + ". Train with the options that they were saved with.");
                }
                selection.putScalar(rows ? unit : i, rows ? i : unit, 1);
            }
        }
    }
}
