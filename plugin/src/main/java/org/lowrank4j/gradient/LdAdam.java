package org.lowrank4j.gradient;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.decomposition.ThinQr;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.KeptNumber;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * LDAdam (arXiv 2410.16103, algorithm 1 and the released code): an Adam in a subspace of rank r that follows the gradient in
 * every step; its moments are carried over to each new basis, and what the rank leaves out is added to the next gradient.
 *
 * <pre>
 * G = G + E,   at first Q: the r leading singular vectors; later, with the past m and c1 = 1 - beta1^(t-1), c2 likewise,
 * b = rho Q m / c1 + (1 - rho) G,   Q' = orthonormal(b b^T Q),   C = Q'^T Q,   g = Q'^T G
 * E = G - Q' g + beta1 / (1 - beta1) (Q m - Q' C m)
 * v = |(C * C) (v / c2 - m^2 / c1^2) + (C m)^2 / c1^2| c2,   m = C m
 * m = beta1 m + (1 - beta1) g,   v = beta2 v + (1 - beta2) g^2
 * W -= rate * Q' (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)
 * </pre>
 *
 * <p>This is for the input side; the outputs are projected where they are not more than the inputs, a square W included.
 *
 * <p>State: 2 r entries for each index of the side that is not projected, the basis, and E of W's size: the saving is in the
 * moments only. {@code feedback=no} keeps no E, and learns much less. The rates are Adam's. Published: betas 0.908 and 0.99,
 * rho 0.908, rank 16 and up.
 */
public final class LdAdam implements MatrixOptimiser {

    @Override
    public String name() {
        return "ldadam";
    }

    @Override
    public boolean usesRank() {
        return true;
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption("beta1", "0.908", "the first moment's factor, from 0 to below 1"),
                new MethodOption("beta2", "0.99", "the second moment's factor, from 0 to below 1"),
                new MethodOption("rho", "0.908", "the share of the past in what the basis follows, from 0 to below 1"),
                new MethodOption("epsilon", "1e-8", "what the divisor is raised by, a number above 0"),
                new MethodOption(
                        "feedback",
                        "yes",
                        "whether what the rank leaves out is added to the next gradient, in an array of W's size: yes or"
                                + " no"));
    }

    @Override
    public TargetUpdate approximate(TargetUpdate update, TargetWeight target) {
        return new Target(update, target, target.optionsOf(this));
    }

    private final class Target extends MatrixStep {

        private final double beta1;
        private final double beta2;
        private final double rho;
        private final double epsilon;
        private final boolean outputs;
        private final Projector projector;
        private final INDArray first;
        private final INDArray second;
        private final @Nullable INDArray error;
        private final KeptNumber step;

        Target(TargetUpdate update, TargetWeight target, OptionValues options) {
            super(update, target);
            beta1 = options.belowOne("beta1");
            beta2 = options.belowOne("beta2");
            rho = options.belowOne("rho");
            epsilon = options.positiveDouble("epsilon");
            outputs = target.outputs() <= target.inputs();
            Projector.Side side = outputs ? Projector.Side.OUTPUTS : Projector.Side.INPUTS;
            Kept kept = target.kept().under(name());
            projector = new Projector(target, side, kept);
            long[] shape = Projector.projectedShape(target, side);
            first = kept.array("first", 'f', shape);
            second = kept.array("second", 'f', shape);
            error = options.yes("feedback") ? kept.array("error", 'f', target.inputs(), target.outputs()) : null;
            step = kept.number("step", 0);
        }

        @Override
        void makeDirection(INDArray gradient) {
            if (error != null) {
                gradient.addi(error);
            }
            long t = step.increment();
            INDArray past = gradient.like();
            if (t == 1) {
                projector.find(gradient);
            } else {
                projector.addBack(first, 1, past);
                follow(gradient, past, t - 1);
            }
            INDArray g = projector.project(gradient);
            if (error != null) {
                double held = beta1 / (1 - beta1);
                error.assign(gradient);
                projector.addBack(g, -1, error);
                error.addi(past.muli(held));
                projector.addBack(first, -held, error);
            }
            first.muli(beta1).addi(g.mul(1 - beta1));
            second.muli(beta2).addi(g.mul(g).muli(1 - beta2));
            INDArray root = Transforms.sqrt(second.div(1 - Math.pow(beta2, t)), false);
            gradient.assign(0);
            projector.addBack(first.div(1 - Math.pow(beta1, t)).divi(root.addi(epsilon)), 1, gradient);
        }

        /**
         * Takes the next basis, and the moments over to it.
         *
         * @param past Q m
         * @param steps that the moments have seen
         */
        private void follow(INDArray gradient, INDArray past, long steps) {
            double c1 = 1 - Math.pow(beta1, steps);
            double c2 = 1 - Math.pow(beta2, steps);
            INDArray before = projector.matrix().dup('f');
            INDArray b = past.mul(rho / c1).addi(gradient.mul(1 - rho));
            INDArray sideFirst = outputs ? b.transpose() : b;
            projector
                    .matrix()
                    .assign(ThinQr.of(sideFirst.mmul(sideFirst.transpose().mmul(before)))
                            .q());
            INDArray change = projector.matrix().transpose().mmul(before);
            INDArray squares = first.mul(first).divi(c1 * c1);
            INDArray variance = second.div(c2).subi(squares);
            first.assign(moved(change, first));
            INDArray moved = moved(change.mul(change), variance)
                    .addi(first.mul(first).divi(c1 * c1))
                    .muli(c2);
            second.assign(Transforms.abs(moved, false));
        }

        /** C X, on the side that is projected. */
        private INDArray moved(INDArray change, INDArray projected) {
            return outputs ? projected.mmul(change.transpose()) : change.mmul(projected);
        }
    }
}
