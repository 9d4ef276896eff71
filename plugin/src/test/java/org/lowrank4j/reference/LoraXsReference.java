package org.lowrank4j.reference;

import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.initialisation.LoraXsStart;
import org.lowrank4j.kind.OuterProduct;
import org.lowrank4j.method.Given;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.rule.Scaling;
import org.lowrank4j.update.LoraXs;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** LoRA-XS: the fixed factors, and the gradient of R between them. */
public final class LoraXsReference implements Reference {

    @Override
    public String method() {
        return "loraxs";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray w = given.input("W", type);
        INDArray x = given.input("x", type);
        INDArray delta = given.input("delta", type);
        int rank = given.whole("r");
        double scale = Scaling.STANDARD.scale(given.number("alpha"), rank);
        outcome.put("s", scale);
        outcome.put("S_r", Arrays.copyOf(ThinSvd.of(w).singularValues(), rank));

        TargetUpdate started = new LoraXs().attach(target(w, given, scale));
        started.start(new LoraXsStart()
                .start(Given.start(
                        w,
                        rank,
                        given.number("alpha"),
                        scale,
                        null,
                        new Random(1),
                        new OptionValues(new LoraXsStart(), Map.of()))));
        INDArray a = given.withSignsOfFile("A", started.kept().state().get("A"), false);
        INDArray b = given.withSignsOfFile("B", started.kept().state().get("B"), true);
        outcome.put("A", a);
        outcome.put("B", b);

        // From R = 0, where the network holds W, to the file's R in one step.
        TargetWeight target = target(w, given, scale);
        TargetUpdate update = with(a, b, target);
        update.step(new INDArray[] {given.input("R", type).neg()});
        INDArray[] gradients = Targets.views(update, w);
        update.gradient(new OuterProduct(x, delta), gradients);
        outcome.put("dR", gradients[0]);
        outcome.put("y", x.mmul(target.weight()));
        outcome.put("dx", delta.mmul(target.weight().transpose()));

        // From W = 0, for the change itself.
        TargetWeight change = target(Nd4j.zeros(type, w.shape()), given, scale);
        with(a, b, change).step(new INDArray[] {given.input("R", type).neg()});
        outcome.put("delta_W", change.weight());
    }

    private static TargetUpdate with(INDArray a, INDArray b, TargetWeight target) {
        TargetUpdate update = new LoraXs().attach(target);
        Targets.restore(update, Map.of("A", a, "B", b));
        return update;
    }

    private static TargetWeight target(INDArray w, ReferenceCase given, double scale) {
        return Targets.target(w, given.whole("r"), given.number("alpha"), scale, Map.of());
    }
}
