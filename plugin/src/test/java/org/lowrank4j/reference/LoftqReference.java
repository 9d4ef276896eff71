package org.lowrank4j.reference;

import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.initialisation.Loftq;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.Given;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.quantisation.NormalFloat;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** LoftQ: base and factors after each number of iterations. */
public final class LoftqReference implements Reference {

    @Override
    public String method() {
        return "loftq";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray w = given.input("W", type);
        INDArray exact = w.castTo(DataType.DOUBLE);
        int iterations = given.whole("iterations");
        INDArray bases = Nd4j.create(DataType.DOUBLE, iterations, w.size(0), w.size(1));
        double[] errors = new double[iterations];
        for (int i = 0; i < iterations; i++) {
            Factors factors = start(given, w, i + 1);
            INDArray a = factors.a().castTo(type);
            INDArray b = factors.b().castTo(type);
            INDArray product = a.mmul(b);
            INDArray residual = exact.sub(factors.base());
            bases.slice(i).assign(factors.base());
            INDArray split = product.castTo(DataType.DOUBLE).mul(given.number("s"));
            errors[i] = residual.sub(split).norm2Number().doubleValue();
            outcome.put("A", a);
            outcome.put("B", b);
            outcome.put("AB", product);
            outcome.put("W_base", factors.base());
            outcome.put("tail", ThinSvd.of(residual).singularValues());
        }
        outcome.put("Q", bases);
        outcome.put("error_norm", Arrays.copyOf(errors, iterations));
        if (isNormalFloat(given)) {
            outcome.put("levels", new NormalFloat(given.whole("bits"), given.whole("block")).levels());
        }
    }

    private static boolean isNormalFloat(ReferenceCase given) {
        return given.text("quantiser").equals("normal_float");
    }

    private static Factors start(ReferenceCase given, INDArray w, int iterations) {
        boolean normal = isNormalFloat(given);
        Map<String, String> options = Map.of(
                "loftq.quantiser", normal ? "nf" + given.whole("bits") : "uniform",
                "loftq.bits", Integer.toString(given.whole("bits")),
                "loftq.block", Integer.toString(normal ? given.whole("block") : 1),
                "loftq.iterations", Integer.toString(iterations));
        int rank = given.whole("r");
        double scale = given.number("s");
        return new Loftq()
                .start(Given.start(
                        w, rank, rank * scale, scale, null, new Random(1), new OptionValues(new Loftq(), options)));
    }
}
