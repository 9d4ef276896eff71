package org.lowrank4j.adapter;

import java.util.List;
import java.util.stream.IntStream;
import org.lowrank4j.decomposition.ThinSvd;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * One factor of n tasks, position by position (Reversible Model Merging, arXiv 2510.14163). A position is a row of A, or
 * a column of B. There the tasks' vectors x_1 .. x_n in R^r are kept as their mean, an orthonormal basis U of p vectors
 * and coefficients c_i = U^T (x_i - mean), from the singular value decomposition of the centred vectors.
 *
 * @param mean positions x r
 * @param basis per position U, r x p: positions x r x p
 * @param coefficients per position: positions x p x n
 * @param dropped per position the sum of the squared singular values beyond p, which is the squared error of all tasks
 */
record PositionBases(INDArray mean, INDArray basis, INDArray coefficients, double[] dropped) {

    /**
     * Decomposes every position.
     *
     * @param factors one per task, positions x r, in double
     * @param p size of the bases, 1 to min(r, n)
     */
    static PositionBases of(List<INDArray> factors, int p) {
        int tasks = factors.size();
        int positions = (int) factors.get(0).size(0);
        int rank = (int) factors.get(0).size(1);
        INDArray mean = Nd4j.create(DataType.DOUBLE, positions, rank);
        factors.forEach(mean::addi);
        mean.divi(tasks);
        INDArray basis = Nd4j.create(DataType.DOUBLE, positions, rank, p);
        INDArray coefficients = Nd4j.create(DataType.DOUBLE, positions, p, tasks);
        double[] dropped = new double[positions];
        int[] leading = IntStream.range(0, p).toArray();
        for (int position = 0; position < positions; position++) {
            INDArray centred = Nd4j.create(DataType.DOUBLE, rank, tasks);
            for (int task = 0; task < tasks; task++) {
                centred.getColumn(task)
                        .assign(factors.get(task).getRow(position).sub(mean.getRow(position)));
            }
            ThinSvd svd = ThinSvd.of(centred);
            INDArray directions = svd.left(leading);
            slice(basis, position).assign(directions);
            slice(coefficients, position).assign(directions.transpose().mmul(centred));
            for (int i = p; i < svd.size(); i++) {
                dropped[position] += svd.singularValues()[i] * svd.singularValues()[i];
            }
        }
        return new PositionBases(mean, basis, coefficients, dropped);
    }

    /** The factor of one task, positions x r: mean + U c. */
    INDArray rebuilt(int task) {
        INDArray factor = mean.dup();
        for (int position = 0; position < mean.size(0); position++) {
            INDArray c = slice(coefficients, position).getColumn(task, true);
            factor.getRow(position).addi(slice(basis, position).mmul(c).reshape(mean.size(1)));
        }
        return factor;
    }

    /** Numbers that are kept. */
    long size() {
        return mean.length() + basis.length() + coefficients.length();
    }

    private static INDArray slice(INDArray array, int position) {
        return array.get(NDArrayIndex.point(position), NDArrayIndex.all(), NDArrayIndex.all());
    }
}
