package org.lowrank4j.reference;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.lowrank4j.gradient.Adafactor;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.FullWeight;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.learning.regularization.WeightDecay;

/** Adafactor: ten steps of a matrix or, as a matrix of one row, of a vector. */
public final class AdafactorReference implements Reference {

    @Override
    public String method() {
        return "adafactor";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray theta = given.input("theta", type);
        boolean vector = theta.rank() == 1;
        TargetWeight target =
                Targets.target(vector ? theta.reshape(1, theta.length()) : theta, 1, 1, 1, options(given));
        TargetUpdate update = new Adafactor().approximate(new FullWeight().attach(target), target);
        IUpdater updater =
                update.updater(update.tensors().get(0), new Sgd(given.hasNumber("lr") ? given.number("lr") : 123));
        var steps = updater.instantiate((INDArray) null, false);
        WeightDecay decay = new WeightDecay(given.number("weight_decay"), true);
        INDArray gradients = given.input("G", type);
        double[] norms = new double[given.whole("steps")];
        double[] sizes = new double[norms.length];
        for (int t = 0; t < norms.length; t++) {
            INDArray weight = target.weight();
            sizes[t] = norm(weight) / Math.sqrt(weight.length());
            INDArray gradient = gradients.slice(t).reshape(weight.shape());
            INDArray[] made = Targets.gradients(update, gradient);
            steps.applyUpdater(made[0].reshape('f', new long[] {weight.length()}), t, 0);
            update.regularise(decay, made, new double[] {updater.getLearningRate(t, 0)}, t, 0);
            update.step(made);
            norms[t] = norm(weight);
            outcome.put("theta_" + (t + 1), weight.dup('f').reshape(theta.shape()));
            if (!vector) {
                outcome.put("theta_" + (t + 1), weight.dup());
            }
        }
        outcome.put("theta_norms", norms);
        outcome.put("rms_theta", sizes);
        Map<String, INDArray> state = update.kept().state();
        outcome.put("R_10", state.get("adafactor.W.rows"));
        outcome.put("C_10", state.get("adafactor.W.columns"));
        outcome.put("v_10", state.get("adafactor.W.columns"));
        if (state.containsKey("adafactor.W.momentum")) {
            outcome.put(
                    "m_10",
                    state.get("adafactor.W.momentum")
                            .reshape('f', target.weight().shape()));
        }
    }

    private static double norm(INDArray weight) {
        double[] entries = weight.castTo(DataType.DOUBLE).dup('c').data().asDouble();
        return Math.sqrt(Arrays.stream(entries).map(entry -> entry * entry).sum());
    }

    /** Which of the settings are true is in the case's name. */
    private static Map<String, String> options(ReferenceCase given) {
        Map<String, String> options = new HashMap<>();
        String relative = given.name().endsWith("warmup") ? "warm-up" : "yes";
        options.put("adafactor.relative-step", given.hasNumber("lr") ? "no" : relative);
        options.put(
                "adafactor.clip",
                given.hasNumber("clip_threshold") ? Double.toString(given.number("clip_threshold")) : "none");
        options.put("adafactor.decay", Double.toString(-given.number("decay_exponent")));
        if (given.hasNumber("beta1")) {
            options.put("adafactor.momentum", Double.toString(given.number("beta1")));
        }
        return options;
    }
}
