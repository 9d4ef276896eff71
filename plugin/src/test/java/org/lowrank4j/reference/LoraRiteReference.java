package org.lowrank4j.reference;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.lowrank4j.gradient.LoraRite;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.Lora;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;

/** LoRA-RITE: a run of steps of both factors, also where a gradient is clipped or left out. */
public final class LoraRiteReference implements Reference {

    @Override
    public String method() {
        return "lora_rite";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray a = given.input("A", type);
        INDArray b = given.input("B", type);
        double scale = given.number("s");
        TargetWeight target = Targets.target(
                Nd4j.zeros(type, a.size(0), b.size(1)),
                given.whole("r"),
                scale * given.whole("r"),
                scale,
                Map.of(
                        "lora-rite.beta1", Double.toString(given.number("beta1")),
                        "lora-rite.beta2", Double.toString(given.number("beta2")),
                        "lora-rite.epsilon", Double.toString(given.number("eps")),
                        "lora-rite.clip", Double.toString(given.number("clip_unmagnified_grad")),
                        "lora-rite.skip", Double.toString(given.number("skip_rms"))));
        TargetUpdate update = new LoraRite().approximate(new Lora().attach(target), target);
        update.start(new Factors(a, b));
        INDArray gradients = given.input("gradients", type);
        List<INDArray> as = new ArrayList<>();
        List<INDArray> bs = new ArrayList<>();
        for (int t = 0; t < gradients.size(0); t++) {
            INDArray[] steps = Targets.gradients(update, gradients.slice(t));
            for (int i = 0; i < 2; i++) {
                update.updater(update.tensors().get(i), new Sgd(given.number("lr")))
                        .instantiate((INDArray) null, false)
                        .applyUpdater(
                                steps[i].reshape(update.tensors().get(i).order(), new long[] {steps[i].length()}),
                                t,
                                0);
            }
            update.step(steps);
            as.add(Targets.value(update, 0).dup());
            bs.add(Targets.value(update, 1).dup());
        }
        outcome.put("A_steps", Nd4j.stack(0, as.toArray(INDArray[]::new)));
        outcome.put("B_steps", Nd4j.stack(0, bs.toArray(INDArray[]::new)));
        outcome.put("first_product_change", as.get(0).mmul(bs.get(0)).sub(a.mmul(b)));
        outcome.notProduced("skipped", "nothing but the steps shows it");
        outcome.notProduced("unmagnified_norms", "nothing but the steps shows them");
    }
}
