package org.lowrank4j.reference;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.initialisation.LoraGa;
import org.lowrank4j.initialisation.Start;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.Given;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.rule.Scaling;
import org.lowrank4j.update.Lora;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** LoRA-GA: factors for every direction and scale, and the first step of SGD from them. */
public final class LoraGaReference implements Reference {

    @Override
    public String method() {
        return "loraga";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        double scale = Scaling.RSLORA.scale(given.number("alpha"), given.whole("r"));
        outcome.put("s", scale);
        if (given.expects("A_ArB2r")) {
            directions(given, type, scale, outcome);
        } else {
            scales(given, type, scale, outcome);
        }
    }

    private static void directions(ReferenceCase given, DataType type, double scale, Outcome outcome) {
        int rank = given.whole("r");
        ThinSvd svd = ThinSvd.of(given.input("G", type));
        double c = LoraGa.factor(start(given, type, scale, Map.of()));
        double lambda = given.number("lambda_");
        outcome.put("c", c);
        outcome.put("singular_values", svd.singularValues());
        outcome.put("top_2r", svd.truncated(2 * rank));
        outcome.put("first_order_step", svd.truncated(2 * rank).mul(-lambda * scale * scale * c * c));
        for (String direction : new String[] {"ArB2r", "A2rBr", "ArBr"}) {
            Start start = start(given, type, scale, Map.of("direction", direction));
            report(given, type, scale, new LoraGa().start(start), direction, outcome);
        }
        // The file's own draw, in the place of one from this project's generator.
        Factors random = LoraGa.factors(
                start(given, type, scale, Map.of("direction", "random")),
                svd,
                given.wholeNumbers("random_A"),
                given.wholeNumbers("random_B"));
        report(given, type, scale, random, "random", outcome);
    }

    private static void report(
            ReferenceCase given, DataType type, double scale, Factors factors, String direction, Outcome outcome) {
        INDArray w = given.input("W", type);
        // W = 0 instead of W: only the change is looked at, and it is a thousand times smaller.
        TargetWeight target =
                Targets.target(Nd4j.zeros(type, w.shape()), given.whole("r"), given.number("alpha"), scale, Map.of());
        TargetUpdate update = new Lora().attach(target);
        update.start(factors);
        INDArray a = Targets.value(update, 0).dup();
        INDArray b = Targets.value(update, 1).dup();
        outcome.put("A_" + direction, a);
        outcome.put("B_" + direction, b);
        outcome.put("W_base_" + direction, w.sub(a.mmul(b).mul(scale)));

        INDArray[] steps = Targets.gradients(update, given.input("G", type));
        for (INDArray step : steps) {
            step.muli(given.number("lambda_"));
        }
        update.step(steps);
        outcome.put("first_step_" + direction, target.weight());
    }

    private static void scales(ReferenceCase given, DataType type, double scale, Outcome outcome) {
        for (String name : new String[] {"stable", "unit", "gd", "weightS"}) {
            Start start = start(given, type, scale, Map.of("scale", name));
            Factors factors = new LoraGa().start(start);
            report(given.input("W", type), scale, factors, name, outcome);
            outcome.put(
                    "colnorm_A_" + name, factors.a().getColumn(0).norm2Number().doubleValue());
            outcome.put(name + "_factor", LoraGa.factor(start));
        }
        INDArray small = given.input("W", type).mul(0.1);
        outcome.put("W_clip_input", small);
        Start clipped = start(given, type, scale, Map.of("scale", "stable", "norm-clip", "true"));
        Start clippedSmall = Given.start(
                small, clipped.rank(), clipped.alpha(), scale, clipped.gradient(), clipped.random(), clipped.options());
        // The file clipped factors with other signs than those that this project fixes.
        Factors factors = new LoraGa().start(clippedSmall);
        Factors aligned = new Factors(
                given.withSignsOfFile("A_clip", factors.a(), false),
                given.withSignsOfFile("B_clip", factors.b(), true));
        report(small, scale, aligned, "clip", outcome);
    }

    private static void report(INDArray w, double scale, Factors factors, String name, Outcome outcome) {
        INDArray a = factors.a().castTo(w.dataType());
        INDArray b = factors.b().castTo(w.dataType());
        INDArray offset = a.mmul(b).mul(scale);
        outcome.put("A_" + name, a);
        outcome.put("B_" + name, b);
        outcome.put("offset_" + name, offset);
        outcome.put("W_base_" + name, w.sub(offset));
    }

    private static Start start(ReferenceCase given, DataType type, double scale, Map<String, String> options) {
        Map<String, String> written = new HashMap<>();
        options.forEach((name, value) -> written.put("lora-ga." + name, value));
        written.put("lora-ga.gamma", Double.toString(given.number("gamma")));
        return Given.start(
                given.input("W", type),
                given.whole("r"),
                given.number("alpha"),
                scale,
                given.input("G", type),
                new Random(1),
                new OptionValues(new LoraGa(), written));
    }
}
