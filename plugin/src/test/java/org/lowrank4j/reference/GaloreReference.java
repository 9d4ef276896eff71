package org.lowrank4j.reference;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.lowrank4j.gradient.GaLore;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.FullWeight;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.regularization.WeightDecay;

/** GaLore: a run of ND4J's Adam (whose epsilon stands where the published code has it) or SGD in the subspace. */
public final class GaloreReference implements Reference {

    @Override
    public String method() {
        return "galore";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        if (given.expects("projector_0")) {
            adam(given, type, outcome);
        } else {
            sgd(given, type, outcome);
        }
    }

    private static void adam(ReferenceCase given, DataType type, Outcome outcome) {
        TargetWeight target = target(given, type, given.whole("update_proj_gap"));
        TargetUpdate update = galore(target);
        outcome.put("side", side(update, target));
        INDArray state = run(given, type, target, update, outcome);
        long length = state.length() / 2;
        outcome.put("m_5", part(state, 0, length, update));
        outcome.put("v_5", part(state, length, 2 * length, update));

        TargetWeight unrefreshed = target(given, type, 100);
        run(given, type, unrefreshed, galore(unrefreshed), new Outcome());
        outcome.put("W_5_no_refresh", unrefreshed.weight());
        outcome.notProduced("W_5_out_in_signs", "this project fixes signs on the nIn x nOut gradient only");
    }

    /** Runs all steps; returns Adam's state. */
    private static INDArray run(
            ReferenceCase given, DataType type, TargetWeight target, TargetUpdate update, Outcome outcome) {
        Adam adam = new Adam(given.number("lr"), given.number("beta1"), given.number("beta2"), given.number("eps"));
        WeightDecay decay = new WeightDecay(given.number("weight_decay"), true);
        INDArray gradients = given.input("G", type);
        INDArray state = Targets.adamState(Targets.views(update, target.weight())[0]);
        for (int t = 0; t < gradients.size(0); t++) {
            INDArray[] steps = Targets.gradients(update, slice(gradients, t));
            INDArray projector = update.kept().state().get("projector").dup();
            outcome.put("projector_" + t, projector);
            outcome.put("subspace_" + t, projector.mmul(projector.transpose()));
            Targets.adam(adam, steps[0], state, t);
            update.regularise(decay, steps, new double[] {given.number("lr"), given.number("lr")}, t, 0);
            update.step(steps);
            outcome.put("W_" + (t + 1), target.weight().dup());
        }
        return state;
    }

    private static void sgd(ReferenceCase given, DataType type, Outcome outcome) {
        TargetWeight target = target(given, type, given.whole("update_proj_gap"));
        TargetUpdate update = galore(target);
        INDArray gradients = given.input("G", type);
        for (int t = 0; t < gradients.size(0); t++) {
            INDArray[] steps = Targets.gradients(update, slice(gradients, t));
            steps[0].muli(given.number("lr"));
            update.step(steps);
            outcome.put("W_" + (t + 1), target.weight().dup());
        }
        int[] shapes = given.wholeNumbers("side_shapes");
        List<String> sides = new ArrayList<>();
        for (int i = 0; i < shapes.length; i += 2) {
            TargetWeight weight = Targets.target(Nd4j.zeros(type, shapes[i], shapes[i + 1]), 1, 1, 1, Map.of());
            sides.add(side(galore(weight), weight));
        }
        outcome.put("side", sides);
    }

    private static TargetWeight target(ReferenceCase given, DataType type, int refresh) {
        return Targets.target(
                given.input("W", type),
                given.whole("r"),
                given.whole("r"),
                1,
                Map.of(
                        "galore.refresh", Integer.toString(refresh),
                        "galore.scale", Double.toString(given.number("kappa"))));
    }

    private static TargetUpdate galore(TargetWeight target) {
        return new GaLore().approximate(new FullWeight().attach(target), target);
    }

    /** The projector is as long as the side that it projects; a square weight shows it by the shape of R. */
    static String side(TargetUpdate update, TargetWeight target) {
        long length = update.kept().state().get("projector").size(0);
        boolean output = target.inputs() == target.outputs()
                ? update.tensors().get(0).shape()[0] == target.inputs()
                : length == target.outputs();
        return output ? "output" : "input";
    }

    private static INDArray part(INDArray state, long from, long to, TargetUpdate update) {
        return state.get(NDArrayIndex.point(0), NDArrayIndex.interval(from, to))
                .dup()
                .reshape(
                        update.tensors().get(0).order(), update.tensors().get(0).shape());
    }

    private static INDArray slice(INDArray steps, int t) {
        return steps.get(NDArrayIndex.point(t), NDArrayIndex.all(), NDArrayIndex.all());
    }
}
