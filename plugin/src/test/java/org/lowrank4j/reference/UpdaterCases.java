package org.lowrank4j.reference;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.updater.ChosenUpdater;
import org.lowrank4j.updater.Updater;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;

/** Some steps of an updater from given gradients. */
abstract class UpdaterCases implements Reference {

    private final Updater updater;
    private final List<String> arrays;
    private final Map<String, String> options;

    /**
     * @param arrays the cases' names of what it keeps, in its order
     * @param options by the cases' name of a number
     */
    UpdaterCases(Updater updater, List<String> arrays, Map<String, String> options) {
        this.updater = updater;
        this.arrays = arrays;
        this.options = options;
    }

    @Override
    public final String method() {
        return updater.name();
    }

    @Override
    public final void compute(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray weight = given.input("W", type).dup('c');
        INDArray gradients = given.input("gradients", type);
        Map<String, String> written = new HashMap<>();
        options.forEach((name, option) -> {
            if (given.hasNumber(name)) {
                double number = given.number(name);
                written.put(
                        method() + "." + option,
                        number == Math.rint(number) ? Long.toString((long) number) : Double.toString(number));
            }
        });
        written.putAll(more(given));
        Kept kept = new Kept("the network", type);
        IUpdater chosen = ChosenUpdater.insteadOf(updater, new OptionValues(updater, written), kept)
                .apply(new Sgd(given.number("lr")));
        int length = (int) weight.length();
        INDArray state = Nd4j.create(type, chosen.stateSize(length));
        GradientUpdater<?> running = chosen.instantiate(state, true);
        double decay = given.number("weight_decay");
        boolean coupled = isCoupled(given);
        INDArray flat = weight.reshape('c', new long[] {length});
        List<INDArray> weights = new ArrayList<>();
        for (int t = 0; t < gradients.size(0); t++) {
            INDArray step = gradients.slice(t).dup('c').reshape('c', new long[] {length});
            if (coupled) {
                step.addi(flat.mul(decay));
            }
            running.applyUpdater(step, t, 0);
            if (!coupled) {
                step.addi(flat.mul(decay * chosen.getLearningRate(t, 0)));
            }
            ChosenUpdater.end(List.of(running));
            flat.subi(step);
            weights.add(weight.dup('c'));
            stepped(kept);
        }
        outcome.put("W_steps", Nd4j.stack(0, weights.toArray(INDArray[]::new)));
        for (int i = 0; i < arrays.size(); i++) {
            outcome.put(
                    arrays.get(i),
                    state.get(NDArrayIndex.interval((long) i * length, (long) (i + 1) * length))
                            .reshape('c', weight.shape()));
        }
        finished(given, outcome);
    }

    /** Options that are no numbers in the cases. */
    Map<String, String> more(ReferenceCase given) {
        return Map.of();
    }

    /** Whether weight decay is part of the gradient. */
    boolean isCoupled(ReferenceCase given) {
        return false;
    }

    void stepped(Kept kept) {}

    void finished(ReferenceCase given, Outcome outcome) {}
}
