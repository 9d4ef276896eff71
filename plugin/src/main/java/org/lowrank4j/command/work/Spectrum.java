package org.lowrank4j.command.work;

import java.util.Arrays;
import org.lowrank4j.adapter.LayerAdapter;
import org.lowrank4j.decomposition.ThinQr;
import org.lowrank4j.decomposition.ThinSvd;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The singular values of a matrix and what they say of it.
 *
 * @param values largest first
 */
record Spectrum(double[] values) {

    /** By a decomposition of the whole matrix. */
    static Spectrum of(INDArray matrix) {
        return new Spectrum(ThinSvd.of(matrix.castTo(DataType.DOUBLE)).singularValues());
    }

    /** Of s A B. With A = Qa Ra and B^T = Qb Rb these are the singular values of the small s Ra Rb^T. */
    static Spectrum of(LayerAdapter layer) {
        if (layer.rank() >= Math.min(layer.inputs(), layer.outputs())) {
            return of(layer.product());
        }
        INDArray ofA = ThinQr.of(layer.a().castTo(DataType.DOUBLE)).r();
        INDArray ofB = ThinQr.of(layer.b().castTo(DataType.DOUBLE).transpose()).r();
        return of(ofA.mmul(ofB.transpose()).muli(layer.scale()));
    }

    /** The Frobenius norm. */
    double norm() {
        return Math.sqrt(Arrays.stream(values).map(value -> value * value).sum());
    }

    /** exp of the entropy of the values divided by their sum (Roy and Vetterli 2007); 0 for a matrix of zeros. */
    double effectiveRank() {
        double sum = Arrays.stream(values).sum();
        if (sum == 0) {
            return 0;
        }
        double entropy = Arrays.stream(values)
                .map(value -> value / sum)
                .filter(part -> part > 0)
                .map(part -> -part * Math.log(part))
                .sum();
        return Math.exp(entropy);
    }
}
