package org.lowrank4j.reference;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.lowrank4j.method.Given;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.rule.Scaling;
import org.lowrank4j.update.Loha;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** LoHa: the change of W and the gradients of both products. */
public final class LohaReference implements Reference {

    @Override
    public String method() {
        return "loha";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        int rank = given.whole("r");
        double alpha = given.number("alpha");
        if (given.hasInput("T1")) {
            outcome.put("delta_W", ofKernel(given, type, rank, alpha));
            return;
        }
        TargetWeight target =
                Targets.target(given.input("W", type), rank, alpha, Scaling.STANDARD.scale(alpha, rank), Map.of());
        TargetUpdate update = new Loha().attach(target);
        update.start();
        Targets.moveTo(
                update,
                given.input("A1", type),
                given.input("B1", type),
                given.input("A2", type),
                given.input("B2", type));
        Targets.put(given, update, target, outcome, "dA1", "dB1", "dA2", "dB2");
    }

    /** The change of a kernel of zeros. */
    private static INDArray ofKernel(ReferenceCase given, DataType type, int rank, double alpha) {
        long[] shape = given.shapeOf("delta_W");
        INDArray weight = Nd4j.create(type, new long[] {shape[1] * shape[2] * shape[3], shape[0]}, 'f');
        TargetWeight target = Given.kernel(
                Targets.target(
                        weight, rank, alpha, Scaling.STANDARD.scale(alpha, rank), Map.of("loha.effective", "yes")),
                List.of(shape[2], shape[3]));
        TargetUpdate update = new Loha().attach(target);
        update.start();
        Targets.moveTo(
                update,
                Stream.of("T1", "A1", "B1", "T2", "A2", "B2")
                        .map(name -> given.input(name, type))
                        .toArray(INDArray[]::new));
        return target.weight().transpose().dup('c').reshape('c', shape);
    }
}
