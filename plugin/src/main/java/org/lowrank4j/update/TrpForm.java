package org.lowrank4j.update;

import java.util.ArrayList;
import java.util.List;
import org.lowrank4j.kind.SpatialMatrix;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Which matrices of W (nIn x nOut) are to have low rank, as Trained Rank Pruning has it of two-dimensional convolutions
 * (arXiv 2004.14566, section 3.1, and the released code), whose W is (channel, y, x) x filter.
 */
enum TrpForm {

    /** W itself: k filters, and then filters of one pixel. */
    CHANNEL {
        @Override
        List<INDArray> matrices(INDArray weight, List<Long> kernel) {
            return List.of(weight);
        }

        @Override
        INDArray whole(List<INDArray> matrices, long[] shape, List<Long> kernel) {
            return matrices.get(0);
        }
    },

    /** (channel, y) x (filter, x): k filters of one column, and then filters of one row. */
    SPATIAL {
        @Override
        List<INDArray> matrices(INDArray weight, List<Long> kernel) {
            return List.of(SpatialMatrix.of(weight, kernel.get(0), kernel.get(1)));
        }

        @Override
        INDArray whole(List<INDArray> matrices, long[] shape, List<Long> kernel) {
            return SpatialMatrix.back(matrices.get(0), kernel.get(0), kernel.get(1));
        }
    },

    /** Of each filter by itself channel x (y, x): network decoupling, filters of one pixel, and then k depthwise ones. */
    DECOUPLED {
        @Override
        List<INDArray> matrices(INDArray weight, List<Long> kernel) {
            long places = kernel.get(0) * kernel.get(1);
            List<INDArray> filters = new ArrayList<>();
            for (long filter = 0; filter < weight.size(1); filter++) {
                filters.add(weight.get(NDArrayIndex.all(), NDArrayIndex.point(filter))
                        .dup('c')
                        .reshape('c', weight.size(0) / places, places));
            }
            return filters;
        }

        @Override
        INDArray whole(List<INDArray> matrices, long[] shape, List<Long> kernel) {
            return Nd4j.hstack(matrices.stream()
                    .map(filter -> filter.dup('c').reshape('c', shape[0], 1))
                    .toList());
        }
    };

    /**
     * Those of a W.
     *
     * @param kernel height and width of the filters
     */
    abstract List<INDArray> matrices(INDArray weight, List<Long> kernel);

    /**
     * The W that has these.
     *
     * @param shape of W
     */
    abstract INDArray whole(List<INDArray> matrices, long[] shape, List<Long> kernel);
}
