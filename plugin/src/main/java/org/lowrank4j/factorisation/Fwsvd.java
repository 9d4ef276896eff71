package org.lowrank4j.factorisation;

import java.util.List;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * FWSVD, Fisher-weighted singular value decomposition (arXiv 2207.00112, section 3): each row of W counts as much as the loss
 * depends on it. With f_i the root of the Fisher information of row i and diag(f) W = U S V^T, A = diag(f)^-1 U_k S_k and
 * B = V_k^T. Rows of equal information give plain {@code svd}.
 */
public final class Fwsvd implements Factorisation {

    private static final String FLOOR = "floor";

    @Override
    public String name() {
        return "fwsvd";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(new MethodOption(
                FLOOR, "1e-3", "the least f_i, in parts of the largest, so that A stays finite; a number above 0"));
    }

    @Override
    public Need need(OptionValues options) {
        return Need.GRADIENTS;
    }

    @Override
    public RankedFactors factors(WholeLayer layer, OptionValues options) {
        INDArray squares = layer.squaredGradients();
        if (squares == null) {
            throw new IllegalArgumentException("fwsvd without gradients");
        }
        double floor = options.positiveDouble(FLOOR);
        INDArray f = Transforms.sqrt(squares, true);
        double largest = f.maxNumber().doubleValue();
        if (!(largest > 0) || Double.isInfinite(largest)) {
            throw new LowRankException("The loss has no usable gradient in the layer's weight on the data: its largest"
                    + " entry is " + largest + ".");
        }
        INDArray used = Transforms.max(f, floor * largest, true);
        RankedFactors weighted = Split.singular(layer.weight().mulColumnVector(used), 1, 0);
        return new RankedFactors(weighted.values(), rank -> {
            Split split = weighted.at().apply(rank);
            return new Split(split.first().divColumnVector(used), split.second());
        });
    }
}
