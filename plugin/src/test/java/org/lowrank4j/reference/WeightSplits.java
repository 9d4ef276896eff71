package org.lowrank4j.reference;

import java.util.Map;
import java.util.Random;
import org.lowrank4j.initialisation.Initialisation;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.Given;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.rule.Scaling;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The cases of starts that split W into a base and s A B. */
final class WeightSplits {

    private WeightSplits() {}

    static void split(ReferenceCase given, DataType type, Initialisation initialisation, Outcome outcome) {
        int rank = given.whole("r");
        double scale = Scaling.STANDARD.scale(given.number("alpha"), rank);
        INDArray w = given.input("W", type);
        Factors factors = initialisation.start(Given.start(
                w,
                rank,
                given.number("alpha"),
                scale,
                null,
                new Random(1),
                new OptionValues(initialisation, Map.of())));
        report(w, scale, factors, outcome);
    }

    /** The entries that all splits have. */
    static void report(INDArray w, double scale, Factors factors, Outcome outcome) {
        DataType type = w.dataType();
        INDArray a = factors.a().castTo(type);
        INDArray b = factors.b().castTo(type);
        INDArray product = a.mmul(b);
        outcome.put("s", scale);
        outcome.put("A", a);
        outcome.put("B", b);
        outcome.put("AB", product);
        outcome.put("W_base", w.sub(product.mul(scale)));
    }
}
