package org.lowrank4j.reference;

import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.lowrank4j.decomposition.PivotedLu;
import org.lowrank4j.initialisation.LolduStart;
import org.lowrank4j.method.Given;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.rule.Scaling;
import org.lowrank4j.update.Loldu;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** LoLDU: the fixed triangles, the start of what is trained, and its gradients. */
public final class LolduReference implements Reference {

    @Override
    public String method() {
        return "loldu";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray w = given.input("W", type);
        int rank = given.whole("r");
        double scale = Scaling.STANDARD.scale(given.number("alpha"), rank);
        TargetWeight target = Targets.target(w, rank, given.number("alpha"), scale, Map.of());
        TargetUpdate update = new Loldu().attach(target);
        update.start(new LolduStart()
                .start(Given.start(
                        w,
                        rank,
                        given.number("alpha"),
                        scale,
                        null,
                        new Random(1),
                        new OptionValues(new LolduStart(), Map.of()))));
        INDArray a = update.kept().state().get("A");
        INDArray b = update.kept().state().get("B");
        INDArray z = update.kept().state().get("z");
        double sigma = update.kept().state().get("sigma").getDouble(0);
        outcome.put("sigma0", sigma);
        outcome.put("A", a);
        outcome.put("B", b);
        outcome.put("z", z.reshape(rank));
        outcome.put("W_effective", target.weight());
        outcome.put("W_residual", w.sub(a.mulRowVector(z).mmul(b).muli(sigma)));
        outcome.put("y", given.input("x", type).mmul(target.weight()));
        INDArray[] gradients = Targets.gradients(update, given.input("G", type));
        outcome.put("dz", gradients[0].reshape(rank));
        outcome.put("dsigma", gradients[1].getDouble(0));
        int[] rows = PivotedLu.of(w.transpose()).rows();
        outcome.put(
                "row_order", Arrays.stream(rows).limit(rank).asDoubleStream().toArray());
    }
}
