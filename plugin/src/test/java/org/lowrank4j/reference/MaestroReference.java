package org.lowrank4j.reference;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.kind.Matrix;
import org.lowrank4j.kind.OuterProduct;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.Maestro;
import org.lowrank4j.update.MaestroWidths;
import org.lowrank4j.update.TailNorms;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;

/** Maestro's dense layers and convolutions: the start, the outputs at given widths, the group lasso, shrinking, and both losses' gradients. */
public final class MaestroReference implements Reference {

    @Override
    public String method() {
        return "maestro";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray w = given.input("W", type);
        if (w.rank() == 4) {
            convolution(given, type, w, outcome);
            return;
        }
        TargetUpdate started = new Maestro().attach(target(w, 0, 0));
        started.start();
        outcome.put("A_init", started.kept().state().get("A"));
        outcome.put("B_init", started.kept().state().get("B"));
        outcome.put("k", ThinSvd.of(w).size());

        INDArray a = given.input("A", type);
        INDArray b = given.input("B", type);
        TailNorms norms = TailNorms.of(a, b);
        outcome.put("lasso", norms.lasso());
        outcome.put("lasso_value", Arrays.stream(norms.lasso()).sum());
        outcome.put("importance", norms.importance());
        outcome.notProduced("lasso_flat", "the project has the hierarchical lasso only, which is the published one");
        INDArray[] gradients = zeros(with(a, b, target(w, 1, 0)), w);
        with(a, b, target(w, 1, 0)).beforeUpdater(gradients, new INDArray[2]);
        outcome.put("dA_lasso", gradients[0]);
        outcome.put("dB_lasso", gradients[1]);
        if (given.expects("surviving")) {
            shrink(given, a, b, w, outcome);
        }
        if (given.expects("loss_default")) {
            losses(given, type, a, b, outcome);
        } else {
            outputs(given, type, a, b, outcome);
        }
    }

    /** Filters of the kernel's size in the order of their importance, and filters of one pixel. */
    private static void convolution(ReferenceCase given, DataType type, INDArray parameter, Outcome outcome) {
        INDArray w = Matrix.filters("W").view().apply(parameter);
        TargetUpdate started = new Maestro().attach(target(w, 0, 0));
        started.start();
        INDArray a = started.kept().state().get("A").dup();
        INDArray b = started.kept().state().get("B").dup();
        alignWithFile(given.known().get("conv1"), a, b);
        outcome.put("k", a.size(1));
        outcome.put("conv1", filters(a, parameter));
        outcome.put("conv2", pixels(b));
        TailNorms norms = TailNorms.of(a, b);
        outcome.put("lasso", norms.lasso());
        outcome.put("importance", norms.importance());
        INDArray[] gradients = zeros(with(a, b, target(w, 1, 0)), w);
        with(a, b, target(w, 1, 0)).beforeUpdater(gradients, new INDArray[2]);
        outcome.put("dconv1", filters(gradients[0], parameter));
        outcome.put("dconv2", pixels(gradients[1]));

        List<INDArray> y = new ArrayList<>();
        for (int width = 1; width <= a.size(1); width++) {
            TargetWeight target = target(a.mmul(b), 0, 0);
            MaestroWidths.begin(with(a, b, target), width);
            y.add(Arithmetic.convolution(
                            Values.of(given.input("x", type)),
                            Values.of(filters(target.weight(), parameter)),
                            Values.of(given.input("bias", type)),
                            new int[] {1, 1},
                            given.wholeNumbers("padding"))
                    .toNd4j());
        }
        outcome.put("y", Nd4j.stack(0, y.toArray(new INDArray[0])));
    }

    /** A singular vector may point either way, and its partner then does, too. */
    private static void alignWithFile(Values conv1, INDArray a, INDArray b) {
        INDArray file = conv1.toNd4j().reshape('c', a.size(1), a.size(0));
        for (int i = 0; i < a.size(1); i++) {
            INDArray filter = a.getColumn(i);
            if (filter.mul(file.getRow(i).castTo(a.dataType())).sumNumber().doubleValue() < 0) {
                filter.negi();
                b.getRow(i).negi();
            }
        }
    }

    private static INDArray filters(INDArray matrix, INDArray parameter) {
        return matrix.transpose()
                .dup('c')
                .reshape('c', matrix.size(1), parameter.size(1), parameter.size(2), parameter.size(3));
    }

    private static INDArray pixels(INDArray matrix) {
        return matrix.transpose().dup('c').reshape('c', matrix.size(1), matrix.size(0), 1, 1);
    }

    private static void shrink(ReferenceCase given, INDArray a, INDArray b, INDArray w, Outcome outcome) {
        TargetUpdate update = with(a, b, target(w, 0, given.number("eps_ps")));
        update.beforeForward(0, 0);
        update.step(zeros(update, w));
        update.beforeForward(1, 1);
        update.step(zeros(update, w));
        long left = update.kept().state().get("rank").getLong(0);
        outcome.put("surviving", left);
        outcome.put(
                "survives",
                IntStream.range(0, (int) a.size(1))
                        .mapToDouble(i -> i < left ? 1 : 0)
                        .toArray());
        INDArray tail = update.kept().state().get("A").get(NDArrayIndex.all(), NDArrayIndex.interval(left, a.size(1)));
        if (tail.normmaxNumber().doubleValue() != 0) {
            throw new AssertionError("what does not survive is not 0");
        }
    }

    private static void outputs(ReferenceCase given, DataType type, INDArray a, INDArray b, Outcome outcome) {
        INDArray x = given.input("x", type);
        int[] widths = given.wholeNumbers("widths");
        INDArray y = Nd4j.create(type, widths.length, x.size(0), b.size(1));
        for (int i = 0; i < widths.length; i++) {
            TargetWeight target = target(a.mmul(b), 0, 0);
            MaestroWidths.begin(with(a, b, target), widths[i]);
            y.get(NDArrayIndex.point(i), NDArrayIndex.all(), NDArrayIndex.all())
                    .assign(x.mmul(target.weight()).addRowVector(given.input("bias", type)));
        }
        outcome.put("y", y);
    }

    /** Both losses, with DL4J's cross-entropy on what the update's weight makes of the inputs. */
    private static void losses(ReferenceCase given, DataType type, INDArray a, INDArray b, Outcome outcome) {
        INDArray labels = given.input("labels_one_hot", type);
        int width = given.whole("partial_width");
        TargetWeight target = target(a.mmul(b), 0, 0);
        TargetUpdate update = with(a, b, target);
        MaestroWidths.begin(update, (int) a.size(1));
        Pass full = pass(given, type, update, target, labels);
        MaestroWidths.begin(update, width);
        Pass partial = pass(given, type, update, target, labels);
        outcome.put("loss_no_full_pass", partial.loss());
        outcome.put("dA_no_full_pass", partial.gradients()[0]);
        outcome.put("dB_no_full_pass", partial.gradients()[1]);
        // The default loss is that of the full network and that of the reduced one for the full one's answers.
        Pass distilled = pass(given, type, update, target, full.output());
        outcome.put("loss_default", full.loss() + distilled.loss());
        outcome.put("dA_default", full.gradients()[0].add(distilled.gradients()[0]));
        outcome.put("dB_default", full.gradients()[1].add(distilled.gradients()[1]));
    }

    private record Pass(INDArray output, double loss, INDArray[] gradients) {}

    private static Pass pass(
            ReferenceCase given, DataType type, TargetUpdate update, TargetWeight target, INDArray labels) {
        INDArray x = given.input("x", type);
        INDArray z = x.mmul(target.weight()).addRowVector(given.input("bias", type));
        LossMCXENT loss = new LossMCXENT();
        loss.setSoftmaxClipEps(0);
        double score = loss.computeScore(labels, z.dup(), new ActivationSoftmax(), null, true);
        INDArray delta = loss.computeGradient(labels, z.dup(), new ActivationSoftmax(), null)
                .divi(x.size(0));
        INDArray[] gradients = Targets.views(update, target.weight());
        update.gradient(new OuterProduct(x, delta), gradients);
        return new Pass(new ActivationSoftmax().getActivation(z.dup(), false), score, gradients);
    }

    private static TargetUpdate with(INDArray a, INDArray b, TargetWeight target) {
        TargetUpdate update = new Maestro().attach(target);
        Map<String, INDArray> factors = new HashMap<>(Map.of("A", a, "B", b));
        Targets.restore(update, factors);
        return update;
    }

    private static INDArray[] zeros(TargetUpdate update, INDArray w) {
        INDArray[] views = Targets.views(update, w);
        return new INDArray[] {views[0].assign(0), views[1].assign(0)};
    }

    private static TargetWeight target(INDArray w, double lasso, double threshold) {
        return Targets.target(
                w,
                1,
                1,
                1,
                Map.of(
                        "maestro.lasso", String.valueOf(lasso),
                        "maestro.threshold", String.valueOf(threshold)));
    }
}
