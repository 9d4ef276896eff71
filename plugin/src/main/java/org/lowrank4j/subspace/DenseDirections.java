package org.lowrank4j.subspace;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Dense random directions (arXiv 1804.08838, section 2): entries are standard normal, then each direction is divided by its
 * Euclidean norm over the whole network, not layer by layer.
 *
 * <p>Memory: D d entries outside the heap; each product takes as many multiplications and reads all of them.
 */
public final class DenseDirections implements Projection {

    /** D x d, in 'f' order. */
    private final INDArray directions;

    private DenseDirections(INDArray directions) {
        this.directions = directions;
    }

    /**
     * Given directions, divided by their norms.
     *
     * @param directions d arrays of D entries, of which none is 0 throughout
     */
    public static DenseDirections of(double[][] directions, DataType type) {
        INDArray matrix = Nd4j.createUninitialized(type, new long[] {directions[0].length, directions.length}, 'f');
        for (int k = 0; k < directions.length; k++) {
            put(matrix, k, directions[k].clone());
        }
        return new DenseDirections(matrix);
    }

    /** Random directions. */
    public static DenseDirections draw(int entries, int dimension, DataType type, long seed) {
        INDArray matrix = Nd4j.createUninitialized(type, new long[] {entries, dimension}, 'f');
        double[] direction = new double[entries];
        for (int k = 0; k < dimension; k++) {
            RandomStream random = new RandomStream(seed, k);
            for (int i = 0; i < entries; i++) {
                direction[i] = random.normal();
            }
            put(matrix, k, direction);
        }
        return new DenseDirections(matrix);
    }

    private static void put(INDArray matrix, int k, double[] direction) {
        double squares = 0;
        for (double entry : direction) {
            squares += entry * entry;
        }
        double norm = Math.sqrt(squares);
        for (int i = 0; i < direction.length; i++) {
            direction[i] /= norm;
        }
        HostVector.write(matrix.get(NDArrayIndex.all(), NDArrayIndex.point(k)), direction);
    }

    @Override
    public int dimension() {
        return (int) directions.size(1);
    }

    @Override
    public int entries() {
        return (int) directions.size(0);
    }

    @Override
    public void expand(INDArray z, INDArray result) {
        directions.mmul(z, result);
    }

    @Override
    public void pullBack(INDArray gradient, INDArray result) {
        directions.transpose().mmul(gradient, result);
    }
}
