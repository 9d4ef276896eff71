package org.lowrank4j.reference;

import java.util.Map;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.factorisation.Afm;
import org.lowrank4j.factorisation.OutputMoments;
import org.lowrank4j.factorisation.RankedFactors;
import org.lowrank4j.factorisation.Split;
import org.lowrank4j.factorisation.WholeLayer;
import org.lowrank4j.method.OptionValues;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** AFM of dense layers, and of an embedding, whose outputs are the rows of its table. */
public final class AfmReference implements Reference {

    @Override
    public String method() {
        return "afm";
    }

    @Override
    public boolean hasSignsPerRow(String name) {
        return name.equals("W2");
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        boolean dense = given.hasInput("W");
        INDArray w = given.input(dense ? "W" : "E", type);
        INDArray bias = dense ? given.input("bias", type).reshape(1, w.size(1)) : null;
        INDArray y = dense ? given.input("X", type).mmul(w).addRowVector(bias) : w;
        OutputMoments moments = new OutputMoments(w.size(1));
        moments.observe(y);
        WholeLayer layer = new WholeLayer(
                w.castTo(DataType.DOUBLE), bias == null ? null : bias.castTo(DataType.DOUBLE), 1, moments, null);
        RankedFactors factors = new Afm().factors(layer, new OptionValues(new Afm(), Map.of()));
        int k = given.whole("k");
        Split split = factors.at().apply(k);
        INDArray w1 = split.first().castTo(type);
        INDArray b1 = split.firstBias().castTo(type);
        INDArray w2 = split.second().castTo(type);
        INDArray b2 = split.secondBias().castTo(type);
        outcome.put("mean", vector(moments.mean()));
        outcome.put("covariance", moments.covariance());
        double[] eigenvalues = factors.values().clone();
        for (int i = 0; i < eigenvalues.length; i++) {
            eigenvalues[i] *= eigenvalues[i];
        }
        outcome.put("eigenvalues", eigenvalues);
        if (!dense) {
            INDArray v = split.second().transpose();
            outcome.put("V", v);
            outcome.put("projector", v.mmul(split.second()));
            // The case has the table less its mean, and adds all of the mean at the end.
            outcome.put("table", w1.subRowVector(moments.mean().mmul(v).castTo(type)));
            INDArray rebuilt = w1.addRowVector(b1).mmul(w2).addRowVector(b2);
            outcome.put("table_rebuilt", rebuilt);
            outcome.put("mse", meanSquare(rebuilt.sub(w)));
            return;
        }
        outcome.put("W1", w1);
        outcome.put("b1", vector(b1));
        outcome.put("W2", w2);
        outcome.put("b2", vector(b2));
        outcome.put("W1W2", w1.mmul(w2));
        outcome.put("bias_total", vector(b1.mmul(w2).add(b2)));
        INDArray made =
                given.input("X", type).mmul(w1).addRowVector(b1).mmul(w2).addRowVector(b2);
        outcome.put("y_first4", made.get(NDArrayIndex.interval(0, 4), NDArrayIndex.all()));
        outcome.put("mse", meanSquare(made.sub(y)));
        INDArray closest = ThinSvd.of(w).truncated(k).castTo(type);
        outcome.put(
                "mse_weight_svd",
                meanSquare(
                        given.input("X", type).mmul(closest).addRowVector(bias).sub(y)));
    }

    private static INDArray vector(INDArray row) {
        return row.reshape(row.length());
    }

    /** Over examples, summed over units. */
    private static double meanSquare(INDArray difference) {
        double norm = difference.norm2Number().doubleValue();
        return norm * norm / difference.size(0);
    }
}
