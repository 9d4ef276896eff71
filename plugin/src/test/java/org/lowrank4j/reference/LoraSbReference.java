package org.lowrank4j.reference;

import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.lowrank4j.initialisation.LoraSb;
import org.lowrank4j.initialisation.Start;
import org.lowrank4j.kind.OuterProduct;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.Given;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.LoraXs;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** LoRA-SB: the first step in its factors, and the gradient of R that moves W most like the full one. */
public final class LoraSbReference implements Reference {

    @Override
    public String method() {
        return "lorasb";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        double scale = given.number("s");
        Factors factors = start(given, type, scale);
        INDArray a = given.withSignsOfFile("A", factors.a().castTo(type), false);
        INDArray b = given.withSignsOfFile("B", factors.b().castTo(type), true);
        INDArray core = factors.core().castTo(type);
        Factors aligned = new Factors(a, b).withCore(core);
        outcome.put("D1", firstStep(given, type));
        outcome.put("A", a);
        outcome.put("B", b);
        outcome.put("R", core);
        outcome.put("R_s2", start(given, type, given.number("s2")).core().castTo(type));
        outcome.put(
                "S_r",
                IntStream.range(0, given.whole("r"))
                        .mapToDouble(i -> scale * core.getDouble(i, i))
                        .toArray());
        outcome.put("first_update", a.mmul(core).mmul(b).mul(scale));

        INDArray moved = factors.base().add(a.mmul(core).mmul(b).mul(scale));
        outcome.put("y", given.input("x", type).mmul(moved));
        outcome.put("gR", gradient(given, type, aligned, scale, "plain"));

        // From W = 0 and by a step of 1: what SGD makes of W.
        TargetWeight change = target(given, type, scale, "equivalent");
        TargetUpdate update = new LoraXs().attach(change);
        update.start(aligned);
        update.step(new INDArray[] {gradient(given, type, aligned, scale, "equivalent")});
        outcome.put("G_equiv", change.weight().neg());

        Factors general = new Factors(given.input("A_general", type), given.input("B_general", type)).withCore(core);
        double otherScale = given.number("s2");
        outcome.put("gR_general", gradient(given, type, general, otherScale, "plain"));
        outcome.put("gR_star_general", gradient(given, type, general, otherScale, "equivalent"));
    }

    /** With r = min(nIn, nOut) directions, the whole of D. */
    private static INDArray firstStep(ReferenceCase given, DataType type) {
        INDArray gradient = given.input("G", type);
        int full = (int) Math.min(gradient.size(0), gradient.size(1));
        Factors all = new LoraSb().start(start(given, type, 1, full));
        return all.a().mmul(all.core()).mmul(all.b()).castTo(type);
    }

    private static Factors start(ReferenceCase given, DataType type, double scale) {
        return new LoraSb().start(start(given, type, scale, given.whole("r")));
    }

    private static Start start(ReferenceCase given, DataType type, double scale, int rank) {
        return Given.start(
                given.input("W", type),
                rank,
                rank * scale,
                scale,
                given.input("G", type),
                new Random(1),
                new OptionValues(new LoraSb(), Map.of("lora-sb.rate", Double.toString(given.number("eta1")))));
    }

    private static INDArray gradient(
            ReferenceCase given, DataType type, Factors factors, double scale, String coreGradient) {
        TargetUpdate update = new LoraXs().attach(target(given, type, scale, coreGradient));
        update.start(factors);
        INDArray[] gradients = Targets.views(update, factors.a());
        update.gradient(new OuterProduct(given.input("x", type), given.input("delta", type)), gradients);
        return gradients[0];
    }

    private static TargetWeight target(ReferenceCase given, DataType type, double scale, String coreGradient) {
        int rank = given.whole("r");
        INDArray zeros = Nd4j.zeros(type, given.input("W", type).shape());
        return Targets.target(zeros, rank, rank * scale, scale, Map.of("lora-xs.core-gradient", coreGradient));
    }
}
