package org.lowrank4j.gradient;

import java.util.List;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Muon (Jordan 2024, the released code): a step of W is the average of the gradient G with all its singular values near 1,
 * which a few matrix products bring about.
 *
 * <pre>
 * M = momentum M + (1 - momentum) G,   U = momentum M + (1 - momentum) G   (U = M without Nesterov's look ahead)
 * X = U / (||U|| + 1e-7),   5 times   X = 3.4445 X + (-4.7750 Y + 2.0315 Y^2) X,   Y = X X^T
 * W -= rate * size * X
 * </pre>
 *
 * <p>X^T X stands in the place of X X^T where it is smaller. The singular values of X end between 0.7 and 1.2, not at 1; see
 * {@link NormDescent} for the exact step. {@code size=aspect}: sqrt(max(1, nOut / nIn)), for rates of 0.02. {@code
 * size=adam} (arXiv 2502.16982): 0.2 sqrt(max(nIn, nOut)), for the rates of Adam. The filters of a convolution
 * are the columns of a matrix (channels and places x filters).
 *
 * <p>For hidden layers, as published: the first layer with weights, output layers, tables of tokens and all vectors have the
 * user's updater, unless the rule names them in {@code layers}. Made for training from scratch.
 *
 * <p>State: one array of W's size. A step takes 5 (4 n^2 m + 2 n^3) operations, n the shorter side and m the longer: more
 * than small minibatches themselves take; {@link Dion} is cheaper. Published rate 0.02, momentum 0.95, no weight decay.
 */
public final class Muon implements MatrixOptimiser {

    /** What a step is multiplied by, besides the rate. */
    enum Size {
        ASPECT,
        ADAM
    }

    @Override
    public String name() {
        return "muon";
    }

    @Override
    public boolean hiddenOnly() {
        return true;
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption("momentum", "0.95", "the share of the past in the average, from 0 to below 1"),
                new MethodOption(
                        "nesterov", "yes", "yes: the step looks ahead by one more gradient; no: it is the average's"),
                new MethodOption("iterations", "5", "how often the singular values are brought nearer to 1, 1 or more"),
                new MethodOption(
                        "size",
                        "aspect",
                        "what a step is multiplied by: aspect for sqrt(max(1, nOut/nIn)), adam for"
                                + " 0.2 sqrt(max(nIn, nOut)), so that rates of Adam fit"));
    }

    @Override
    public TargetUpdate approximate(TargetUpdate update, TargetWeight target) {
        OptionValues options = target.optionsOf(this);
        double momentum = options.belowOne("momentum");
        boolean nesterov = options.yes("nesterov");
        int iterations = options.positiveInt("iterations");
        double size = size(options.choice("size", Size.class), target.inputs(), target.outputs());
        INDArray average = target.kept().under(name()).array("average", 'f', target.inputs(), target.outputs());
        return new MatrixStep(update, target) {
            @Override
            void makeDirection(INDArray gradient) {
                Blas.scale(momentum, average);
                Blas.axpy(1 - momentum, gradient, average);
                if (nesterov) {
                    Blas.scale(1 - momentum, gradient);
                    Blas.axpy(momentum, average, gradient);
                } else {
                    Blas.copy(average, gradient);
                }
                makeNearlyOrthogonal(gradient, iterations);
                Blas.scale(size, gradient);
            }
        };
    }

    private static double size(Size size, long inputs, long outputs) {
        return switch (size) {
            case ASPECT -> Math.sqrt(Math.max(1, (double) outputs / inputs));
            case ADAM -> 0.2 * Math.sqrt(Math.max(inputs, outputs));
        };
    }

    /** The polynomial's coefficients, under which small singular values grow fastest. */
    private static final double[] QUINTIC = {3.4445, -4.7750, 2.0315};

    /** Newton-Schulz iterations on the shorter side, in place. */
    private static void makeNearlyOrthogonal(INDArray x, int iterations) {
        Blas.scale(1 / (x.norm2Number().doubleValue() + 1e-7), x);
        boolean wide = x.size(0) <= x.size(1);
        long side = Math.min(x.size(0), x.size(1));
        INDArray y = MatrixStep.empty(x, side, side);
        INDArray polynomial = MatrixStep.empty(x, side, side);
        INDArray before = MatrixStep.empty(x, x.size(0), x.size(1));
        for (int i = 0; i < iterations; i++) {
            Blas.gemm(x, x, y, !wide, wide, 1, 0);
            Blas.copy(y, polynomial);
            Blas.gemm(y, y, polynomial, false, false, QUINTIC[2], QUINTIC[1]);
            Blas.copy(x, before);
            Blas.gemm(wide ? polynomial : before, wide ? before : polynomial, x, false, false, 1, QUINTIC[0]);
        }
    }
}
