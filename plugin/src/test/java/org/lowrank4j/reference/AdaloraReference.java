package org.lowrank4j.reference;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.lowrank4j.kind.OuterProduct;
import org.lowrank4j.method.Given;
import org.lowrank4j.method.SharedArrays;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.rule.Scaling;
import org.lowrank4j.update.AdaLora;
import org.lowrank4j.update.AdaLoraBudget;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** AdaLoRA: the gradients of the triplets, and a run of the budget over the layers of a network. */
public final class AdaloraReference implements Reference {

    private static final String[] TENSORS = {"A", "E", "B"};

    @Override
    public String method() {
        return "adalora";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        if (given.expects("budget")) {
            budget(given, type, outcome);
        } else {
            gradients(given, type, outcome);
        }
    }

    private static void gradients(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray w = given.input("W", type);
        INDArray x = given.input("x", type);
        INDArray delta = given.input("delta", type);
        int rank = given.whole("r");
        double alpha = given.number("alpha");
        TargetWeight ofFile = Targets.target(w, rank, alpha, Scaling.STANDARD.scale(alpha, rank), Map.of());
        double scale = AdaLora.scale(ofFile, given.whole("ranknum"));
        outcome.put("s", scale);
        // An update whose own scale, with all its triplets, is the file's.
        double unguarded = scale * (rank + 1e-5) / rank;
        Map<String, String> options = Map.of(
                "adalora.total-steps",
                "1000",
                "adalora.initial-steps",
                "100",
                "adalora.orthogonal-weight",
                String.valueOf(given.number("orth_reg_weight")));

        TargetWeight target = Targets.target(w, rank, alpha, unguarded, options);
        TargetUpdate update = moved(target, given, type);
        outcome.put("y", x.mmul(target.weight()));
        outcome.put("dx", delta.mmul(target.weight().transpose()));
        INDArray[] gradients = Targets.views(update, w);
        update.gradient(new OuterProduct(x, delta), gradients);
        outcome.put("dA", gradients[0].dup());
        outcome.put("dE", gradients[1].dup().reshape(rank));
        outcome.put("dB", gradients[2].dup());
        for (INDArray gradient : gradients) {
            gradient.assign(0);
        }
        update.beforeUpdater(gradients, new INDArray[0]);
        outcome.put("orth_dA", gradients[0]);
        outcome.put("orth_dB", gradients[2]);
        outcome.notProduced("orth_loss", "the orthogonality enters training through its gradient only");

        TargetWeight change = Targets.target(w.mul(0), rank, alpha, unguarded, options);
        moved(change, given, type);
        outcome.put("delta_W", change.weight());
    }

    /** From E = 0, where the network holds W, to the file's factors in one step. */
    private static TargetUpdate moved(TargetWeight target, ReferenceCase given, DataType type) {
        TargetUpdate update = new AdaLora().attach(target);
        INDArray e = given.input("E", type).reshape(1, target.rank());
        Targets.restore(update, Map.of("A", given.input("A", type), "B", given.input("B", type), "E", e.mul(0)));
        INDArray[] steps = Targets.views(update, target.weight());
        update.step(new INDArray[] {steps[0].assign(0), e.neg(), steps[2].assign(0)});
        return update;
    }

    private static void budget(ReferenceCase given, DataType type, Outcome outcome) {
        int count = given.whole("layers");
        int rank = given.whole("init_r");
        int total = given.whole("total_step");
        Map<String, String> options = Map.of(
                "adalora.total-steps", String.valueOf(total),
                "adalora.initial-steps", String.valueOf(given.whole("tinit")),
                "adalora.final-steps", String.valueOf(given.whole("tfinal")),
                "adalora.interval", String.valueOf(given.whole("deltaT")),
                "adalora.target-rank", String.valueOf(given.whole("target_r")),
                "adalora.beta1", String.valueOf(given.number("beta1")),
                "adalora.beta2", String.valueOf(given.number("beta2")),
                "adalora.orthogonal-weight", "0");
        SharedArrays shared = Given.shared(1, 100, 100);
        List<TargetUpdate> layers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            INDArray weight = Nd4j.create(
                    type,
                    new long[] {
                        at(given, type, "A_" + i, 0).size(0),
                        at(given, type, "B_" + i, 0).size(1)
                    },
                    'f');
            layers.add(new AdaLora().attach(Given.target("layer" + i, weight, rank, 1, 1, 1, options, shared)));
        }
        AdaLoraBudget.Schedule schedule =
                new AdaLoraBudget.Schedule(total, given.whole("tinit"), given.whole("tfinal"), given.whole("deltaT"));
        double[] budgets = new double[total];
        INDArray kept = Nd4j.create(type, total, count, rank);
        INDArray left = Nd4j.create(type, total, count, rank);
        for (int t = 0; t < total; t++) {
            budgets[t] = schedule.budget(t + 1, count * rank, count * given.whole("target_r"));
            for (int i = 0; i < count; i++) {
                load(layers.get(i), given, type, i, t);
            }
            for (int i = 0; i < count; i++) {
                INDArray[] zeros = Targets.views(layers.get(i), left);
                for (INDArray zero : zeros) {
                    zero.assign(0);
                }
                layers.get(i).step(zeros);
            }
            for (int i = 0; i < count; i++) {
                INDArray e = Targets.value(layers.get(i), 1).dup().reshape(rank);
                left.get(NDArrayIndex.point(t), NDArrayIndex.point(i), NDArrayIndex.all())
                        .assign(e);
                kept.get(NDArrayIndex.point(t), NDArrayIndex.point(i), NDArrayIndex.all())
                        .assign(e.neq(0).castTo(type));
            }
        }
        outcome.put("budget", budgets);
        outcome.put("keep", kept);
        outcome.put("E_after", left);
        for (int i = 0; i < count; i++) {
            Map<String, INDArray> state = layers.get(i).kept().state();
            INDArray score = Nd4j.zeros(type, rank);
            for (String tensor : TENSORS) {
                INDArray mean = shaped(state.get("importance" + tensor));
                INDArray uncertainty = shaped(state.get("uncertainty" + tensor));
                outcome.put("Ibar_" + tensor + "_" + i, mean);
                outcome.put("Ubar_" + tensor + "_" + i, uncertainty);
                INDArray product = mean.mul(uncertainty);
                score.addi(tensor.equals("A") ? product.mean(0) : tensor.equals("B") ? product.mean(1) : product);
            }
            outcome.put("score_" + i, score);
        }
    }

    /** Puts the file's values in place at one step, and shows the update their gradients. */
    private static void load(TargetUpdate layer, ReferenceCase given, DataType type, int number, int t) {
        Map<String, INDArray> values = new HashMap<>();
        INDArray[] gradients = new INDArray[TENSORS.length];
        for (int i = 0; i < TENSORS.length; i++) {
            String name = TENSORS[i] + "_" + number;
            INDArray live = layer.kept().state().get(TENSORS[i]);
            values.put(TENSORS[i], at(given, type, name, t).reshape(live.shape()));
            gradients[i] = at(given, type, "d" + name, t).reshape(live.shape());
        }
        Targets.restore(layer, values);
        layer.beforeUpdater(gradients, new INDArray[0]);
    }

    private static INDArray at(ReferenceCase given, DataType type, String name, int t) {
        INDArray all = given.input(name, type);
        return all.rank() == 3
                ? all.get(NDArrayIndex.point(t), NDArrayIndex.all(), NDArrayIndex.all())
                        .dup('c')
                : all.get(NDArrayIndex.point(t), NDArrayIndex.all()).dup('c');
    }

    private static INDArray shaped(INDArray array) {
        return array.size(0) == 1 ? array.dup().reshape(array.size(1)) : array.dup();
    }
}
