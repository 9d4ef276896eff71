package org.lowrank4j.update;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.lowrank4j.initialisation.Initialisation;
import org.lowrank4j.initialisation.Start;
import org.lowrank4j.kind.OuterProduct;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.Given;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.SharedArrays;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.regularization.Regularization;

/** A least-squares problem for one weight: the loss is half the sum of squares of x W - y. */
public class Problem {

    /** What a start is told about the user's updater. */
    public static final double LEARNING_RATE = 0.01;

    public final INDArray x;
    public final INDArray y;
    public final TargetWeight target;

    private final Random random;
    private final char order;

    /** A column-major weight, as that of a dense layer. */
    public Problem(DataType type, int inputs, int outputs, int rank, double scale, Map<String, String> options) {
        this(type, inputs, outputs, rank, scale, options, 'f');
    }

    /** @param order of the weight's memory */
    public Problem(
            DataType type, int inputs, int outputs, int rank, double scale, Map<String, String> options, char order) {
        this.order = order;
        random = new Random(97L * inputs + outputs);
        x = gaussian(type, 12, inputs);
        y = gaussian(type, 12, outputs);
        // As in a network: a view in the middle of a longer parameter vector.
        long length = (long) inputs * outputs;
        INDArray parameters = Nd4j.create(type, 5 + length + 3);
        INDArray weight = parameters.get(NDArrayIndex.interval(5, 5 + length)).reshape(order, inputs, outputs);
        weight.assign(gaussian(type, inputs, outputs).muli(0.3));
        target = Given.target("layer0", weight, rank, rank * scale, scale, 7, options);
    }

    /** The same weight for one more update: what methods keep is declared once. */
    public static TargetWeight again(TargetWeight target) {
        return keeping(target, new Kept("layer " + target.layer(), target.dataType()), target.shared());
    }

    /** The same weight, whose methods are only to be measured. */
    public static TargetWeight measuring(TargetWeight target) {
        return keeping(
                target,
                Kept.measuring("layer " + target.layer(), target.dataType()),
                Given.shared(target.seed(), target.inputs(), target.outputs()));
    }

    private static TargetWeight keeping(TargetWeight target, Kept kept, SharedArrays shared) {
        return new TargetWeight(
                target.layer(),
                target.weight(),
                target.kernel(),
                target.rank(),
                target.alpha(),
                target.scale(),
                target.seed(),
                target.options(),
                shared,
                kept);
    }

    /** A matrix of normal entries. */
    public INDArray gaussian(DataType type, int rows, int columns) {
        double[] entries = new double[rows * columns];
        for (int i = 0; i < entries.length; i++) {
            entries[i] = random.nextGaussian();
        }
        return Nd4j.create(entries, new long[] {rows, columns}, 'c').castTo(type);
    }

    /** Both factors normal, so that no gradient is 0. */
    public Factors factors() {
        return new Factors(
                gaussian(DataType.DOUBLE, (int) target.inputs(), target.rank()),
                gaussian(DataType.DOUBLE, target.rank(), (int) target.outputs()));
    }

    /** Starts an update as the engine does it, from the gradient of this problem if the start needs one. */
    public Factors start(TargetUpdate update, Initialisation initialisation) {
        boolean needsGradient = initialisation.need() == Initialisation.Need.GRADIENT;
        Factors factors = initialisation.start(new Start(
                target.layer(),
                target.weight(),
                target.rank(),
                target.alpha(),
                target.scale(),
                LEARNING_RATE,
                needsGradient ? gradientOfWeight().divi(x.size(0)) : null,
                null,
                target.random(initialisation.name()),
                target.optionsOf(initialisation)));
        if (factors.base() != null) {
            target.weight().assign(factors.base().add(update(factors).castTo(target.dataType())));
        }
        update.start(factors);
        return factors;
    }

    /** s A B, or s A R B. */
    public INDArray update(Factors factors) {
        INDArray a = factors.a().castTo(DataType.DOUBLE);
        INDArray left = factors.core() == null ? a : a.mmul(factors.core().castTo(DataType.DOUBLE));
        return left.mmul(factors.b().castTo(DataType.DOUBLE)).muli(target.scale());
    }

    public INDArray delta() {
        return x.mmul(target.weight()).subi(y);
    }

    public double loss(INDArray weight) {
        INDArray difference = x.mmul(weight).subi(y);
        return difference.mul(difference).sumNumber().doubleValue() / 2;
    }

    /** dL/dW. */
    public INDArray gradientOfWeight() {
        return x.transpose().mmul(delta());
    }

    /** dL/dW as the layer's backward pass has it. */
    WeightGradient gradient() {
        return new OuterProduct(x, delta());
    }

    /** New views for the tensors of an update, filled with NaN because they must be overwritten. */
    public INDArray[] views(TargetUpdate update) {
        return update.tensors().stream()
                .map(tensor -> Nd4j.create(target.dataType(), tensor.shape(), tensor.order())
                        .assign(Double.NaN))
                .toArray(INDArray[]::new);
    }

    public INDArray[] gradients(TargetUpdate update) {
        INDArray[] views = views(update);
        update.gradient(gradient(), views);
        return views;
    }

    /** Passes of this problem, whose loss is a sum of squares. */
    public ExtraPasses.Passes passes() {
        return new ExtraPasses.Passes() {
            private boolean done;

            @Override
            public boolean gradients() {
                done = true;
                return true;
            }

            @Override
            public INDArray[] gradientsOf(TargetUpdate target) {
                assertTrue(done, "no pass before");
                return Problem.this.gradients(target);
            }

            @Override
            public INDArray[] outputs() {
                throw new UnsupportedOperationException();
            }

            @Override
            public boolean addGradients(INDArray[] labels) {
                throw new UnsupportedOperationException();
            }
        };
    }

    /** A run of an update with an updater, as the engine does it. */
    public static final class Run {

        private final Problem problem;
        private final TargetUpdate update;
        private final IUpdater users;
        private final List<Regularization> terms;
        private final List<IUpdater> updaters;
        private final INDArray[] states;
        private int iteration;

        /** @param terms of the layer's configuration */
        public Run(Problem problem, TargetUpdate update, IUpdater users, Regularization... terms) {
            this.problem = problem;
            this.update = update;
            this.users = users;
            this.terms = List.of(terms);
            updaters = update.tensors().stream()
                    .map(tensor -> update.updater(tensor, users))
                    .toList();
            states = IntStream.range(0, updaters.size())
                    .mapToObj(i -> Nd4j.zeros(
                            problem.target.dataType(),
                            1,
                            updaters.get(i).stateSize(update.tensors().get(i).length())))
                    .toArray(INDArray[]::new);
        }

        /** One step of an epoch with its beginning, before the forward pass. */
        public INDArray[] step(int epoch) {
            update.beforeForward(iteration, epoch);
            return step();
        }

        /** One step; returns what was subtracted from the tensors. */
        public INDArray[] step() {
            ExtraPasses extra = update.extraPasses();
            if (extra != null) {
                extra.run(problem.passes());
            }
            INDArray[] steps = problem.gradients(update);
            update.beforeUpdater(steps, states);
            regularise(Regularization.ApplyStep.BEFORE_UPDATER, steps);
            for (int i = 0; i < steps.length; i++) {
                TrainedTensor tensor = update.tensors().get(i);
                GradientUpdater<?> updater = updaters.get(i).instantiate(states[i].isEmpty() ? null : states[i], false);
                updater.applyUpdater(steps[i].reshape(tensor.order(), new long[] {1, tensor.length()}), iteration, 0);
            }
            regularise(Regularization.ApplyStep.POST_UPDATER, steps);
            INDArray[] taken = new INDArray[steps.length];
            for (int i = 0; i < steps.length; i++) {
                taken[i] = steps[i].dup();
            }
            update.step(steps);
            iteration++;
            return taken;
        }

        private void regularise(Regularization.ApplyStep when, INDArray[] gradients) {
            double[] rates = updaters.stream()
                    .mapToDouble(updater -> updater.getLearningRate(iteration, 0))
                    .toArray();
            terms.stream()
                    .filter(term -> term.applyStep() == when)
                    .forEach(term -> update.regularise(term, gradients, rates, iteration, 0));
        }

        public INDArray[] states() {
            return states;
        }

        /**
         * Saves, restores and trains on, here and there, and finds the same bits in both, which have moved.
         *
         * @param attach the update to a problem like this one, not started
         */
        public void assertResumes(int more, Function<Problem, TargetUpdate> attach) {
            Run resumed = resumed(attach);
            INDArray before = problem.target.weight().dup();
            for (int i = 0; i < more; i++) {
                step();
                resumed.step();
            }
            assertNotEquals(before, problem.target.weight());
            assertSame(resumed);
        }

        /** A run that goes on from what was saved of this one. */
        public Run resumed(Function<Problem, TargetUpdate> attach) {
            INDArray weight = problem.target.weight();
            Problem copy = new Problem(
                    weight.dataType(),
                    (int) weight.size(0),
                    (int) weight.size(1),
                    problem.target.rank(),
                    problem.target.scale(),
                    problem.target.options(),
                    problem.order);
            copy.target.weight().assign(weight);
            Run resumed = continued(copy, attach.apply(copy));
            Map<String, INDArray> saved = new HashMap<>();
            update.kept().state().forEach((name, array) -> saved.put(name, array.dup()));
            resumed.update.kept().restore(saved);
            return resumed;
        }

        /** Weights, what is kept and the updaters' states are the same, bit for bit. */
        public void assertSame(Run other) {
            assertArrayEquals(
                    problem.target.weight().dup('f').data().asDouble(),
                    other.problem.target.weight().dup('f').data().asDouble());
            Map<String, INDArray> state = other.update.kept().state();
            update.kept().state().forEach((name, array) -> assertEquals(array, state.get(name), name));
            for (int i = 0; i < states.length; i++) {
                assertEquals(states[i], other.states[i]);
            }
        }

        /** Continues elsewhere. */
        public Run continued(Problem other, TargetUpdate restored) {
            return continued(other, restored, users);
        }

        /** The same with another updater of the same kind. */
        public Run continued(Problem other, TargetUpdate restored, IUpdater with) {
            Run run = new Run(other, restored, with, terms.toArray(Regularization[]::new));
            for (int i = 0; i < states.length; i++) {
                run.states[i].assign(states[i]);
            }
            run.iteration = iteration;
            return run;
        }
    }
}
