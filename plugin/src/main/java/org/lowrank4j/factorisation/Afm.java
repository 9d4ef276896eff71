package org.lowrank4j.factorisation;

import java.util.Arrays;
import org.lowrank4j.decomposition.SymmetricEigen;
import org.lowrank4j.method.OptionValues;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * AFM, atomic feature mimicking (AAAI 2023, and arXiv 2405.18146 with the released code): the two layers make the outputs of
 * the data, not the weight, as closely as any k numbers between them can. With mu and the k leading eigenvectors V of the
 * outputs' covariance, A = W V with the bias b V, and B = V^T with the bias mu - mu V V^T. The outputs keep their mean, and
 * their mean squared error is the sum of the other eigenvalues.
 */
public final class Afm implements Factorisation {

    @Override
    public String name() {
        return "afm";
    }

    @Override
    public Need need(OptionValues options) {
        return Need.OUTPUTS;
    }

    /** The first has a bias, and so has the second, whether the layer has one or not. */
    @Override
    public long numbers(WholeLayer layer, int rank) {
        return rank * (layer.inputs() + layer.outputs() + 1) + (layer.bias() == null ? layer.outputs() : 0);
    }

    @Override
    public RankedFactors factors(WholeLayer layer, OptionValues options) {
        OutputMoments moments = layer.moments();
        if (moments == null) {
            throw new IllegalArgumentException(name() + " without outputs");
        }
        SymmetricEigen eigen = SymmetricEigen.of(moments.covariance());
        // One that is below 0 is 0, and rounding.
        double[] deviations = Arrays.stream(eigen.values())
                .map(value -> Math.sqrt(Math.max(value, 0)))
                .toArray();
        return new RankedFactors(deviations, rank -> split(layer, moments.mean(), eigen, rank));
    }

    private static Split split(WholeLayer layer, INDArray mean, SymmetricEigen eigen, int rank) {
        INDArray v = eigen.vectors().get(NDArrayIndex.all(), NDArrayIndex.interval(0, rank));
        INDArray own = layer.bias();
        INDArray bias = own == null ? Nd4j.zeros(DataType.DOUBLE, 1, layer.outputs()) : own;
        INDArray back = v.transpose().dup('f');
        return new Split(
                layer.weight().mmul(v),
                bias.mmul(v),
                back,
                mean.sub(mean.mmul(v).mmul(back)));
    }
}
