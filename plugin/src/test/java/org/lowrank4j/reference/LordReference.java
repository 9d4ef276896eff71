package org.lowrank4j.reference;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.lowrank4j.factorisation.Lord;
import org.lowrank4j.factorisation.OutputMoments;
import org.lowrank4j.factorisation.RankedFactors;
import org.lowrank4j.factorisation.Split;
import org.lowrank4j.factorisation.WholeLayer;
import org.lowrank4j.method.OptionValues;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** LoRD by its weight, and by its outputs, which the cases have as an alternative. */
public final class LordReference implements Reference {

    private static final String OF_OUTPUTS = "output-covariance (AFM) split of the same layer";

    @Override
    public String method() {
        return "lord";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray w = given.input("W", type);
        INDArray bias = given.input("bias", type).reshape(1, w.size(1));
        OutputMoments moments = new OutputMoments(w.size(1));
        moments.observe(given.input("X", type).mmul(w).addRowVector(bias));
        WholeLayer layer = new WholeLayer(w.castTo(DataType.DOUBLE), bias.castTo(DataType.DOUBLE), 1, moments, null);
        int rank = given.whole("r");
        RankedFactors factors = factors(layer, "weight");
        Split split = factors.at().apply(rank);
        INDArray a = split.first().castTo(type);
        INDArray b = split.second().castTo(type);
        outcome.put("AB", a.mmul(b));
        if (given.expects("A")) {
            outcome.put("A", a);
            outcome.put("B", b);
        }
        outcome.put("singular_values", factors.values());
        outcome.put("weight_error", a.mmul(b).sub(w).norm2Number().doubleValue());
        outcome.put("parameters_full", w.length());
        outcome.put("parameters_split", a.length() + b.length());

        Split byOutputs = factors(layer, "outputs").at().apply(rank);
        double error = Comparison.error(
                "product-only",
                (Values) given.expected(OF_OUTPUTS).get("AB"),
                Values.of(byOutputs.first().mmul(byOutputs.second())),
                given.zeroScale(),
                false);
        assertTrue(error <= given.relative(type), () -> "by outputs: error " + error);
    }

    private static RankedFactors factors(WholeLayer layer, String of) {
        return new Lord().factors(layer, new OptionValues(new Lord(), Map.of("lord.of", of)));
    }
}
