package org.lowrank4j.reference;

import java.util.Map;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.factorisation.Fwsvd;
import org.lowrank4j.factorisation.RankedFactors;
import org.lowrank4j.factorisation.Split;
import org.lowrank4j.factorisation.WholeLayer;
import org.lowrank4j.method.OptionValues;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/** FWSVD from the gradients of single examples. */
public final class FwsvdReference implements Reference {

    @Override
    public String method() {
        return "fwsvd";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray w = given.input("W", type).castTo(DataType.DOUBLE);
        INDArray g = given.input("G", type).castTo(DataType.DOUBLE);
        int rank = given.whole("r");
        INDArray fisher = g.mul(g).mean(0);
        INDArray squares = fisher.sum(true, 1);
        INDArray f = Transforms.sqrt(squares, true);
        // The option is a part of the largest; where no floor is needed any small one will do.
        double floor = Math.max(given.number("floor") / f.maxNumber().doubleValue(), 1e-9);
        RankedFactors factors = new Fwsvd()
                .factors(
                        new WholeLayer(w, null, 1, null, squares),
                        new OptionValues(new Fwsvd(), Map.of("fwsvd.floor", Double.toString(floor))));
        Split split = factors.at().apply(rank);
        INDArray a = split.first().castTo(type);
        INDArray b = split.second().castTo(type);
        INDArray used = Transforms.max(f, given.number("floor"), true);
        outcome.put("fisher", fisher);
        outcome.put("f", f.reshape(f.length()));
        outcome.put("f_used", used.reshape(used.length()));
        outcome.put("A", a);
        outcome.put("B", b);
        outcome.put("AB", a.mmul(b));
        outcome.put("S", factors.values());
        double[] values = factors.values();
        outcome.put("weighted_error", Math.sqrt(factors.error(rank)) * norm(values));
        outcome.put(
                "weighted_error_svd",
                w.sub(ThinSvd.of(w).truncated(rank))
                        .mulColumnVector(used)
                        .norm2Number()
                        .doubleValue());
    }

    private static double norm(double[] values) {
        double squares = 0;
        for (double value : values) {
            squares += value * value;
        }
        return Math.sqrt(squares);
    }
}
