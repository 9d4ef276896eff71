package org.lowrank4j.reference;

import java.util.Map;
import java.util.stream.Stream;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.rule.Scaling;
import org.lowrank4j.update.Lokr;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TrainedTensor;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** LoKr: the cuts of sides, the change of W and the gradients of whole and factored matrices. */
public final class LokrReference implements Reference {

    private static final Map<String, String> NAMES =
            Map.of("K1", "K1", "L1", "K1_left", "R1", "K1_right", "K2", "K2", "L2", "K2_left", "R2", "K2_right");

    @Override
    public String method() {
        return "lokr";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        if (given.expects("factors")) {
            int[] sides = given.wholeNumbers("dimension_and_factor");
            INDArray factors = Nd4j.create(DataType.DOUBLE, sides.length / 2, 2);
            for (int i = 0; i < sides.length; i += 2) {
                Lokr.Cut cut = Lokr.Cut.of(sides[i], sides[i + 1]);
                factors.putScalar(i / 2, 0, cut.first());
                factors.putScalar(i / 2, 1, cut.second());
            }
            outcome.put("factors", factors);
            return;
        }
        int rank = given.whole("r");
        double alpha = given.number("alpha");
        TargetWeight target = Targets.target(
                given.input("W", type),
                rank,
                alpha,
                Scaling.STANDARD.scale(alpha, rank),
                Map.of(
                        "lokr.factor",
                        Integer.toString(given.whole("decompose_factor")),
                        "lokr.both",
                        given.text("decompose_both").equals("true") ? "yes" : "no"));
        TargetUpdate update = new Lokr().attach(target);
        update.start();
        Targets.moveTo(
                update, names(update).map(name -> given.input(name, type)).toArray(INDArray[]::new));
        Targets.put(
                given,
                update,
                target,
                outcome,
                names(update).map(name -> "d" + name).toArray(String[]::new));
    }

    private static Stream<String> names(TargetUpdate update) {
        return update.tensors().stream().map(TrainedTensor::name).map(NAMES::get);
    }
}
