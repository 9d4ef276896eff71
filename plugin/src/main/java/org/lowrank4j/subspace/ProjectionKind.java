package org.lowrank4j.subspace;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;

/** The published random projections. The same seed, sizes and dimension give the same projection, bit for bit. */
public enum ProjectionKind {
    /** {@link Fastfood}. */
    FASTFOOD {
        @Override
        public ProjectionMemory memory(int[] sizes, int dimension, DataType type) {
            return new ProjectionMemory(
                    28.0 * (1L << WalshHadamard.log(Arrays.stream(sizes).sum())), true);
        }

        @Override
        public Projection draw(int[] sizes, int dimension, DataType type, long seed) {
            return Fastfood.draw(Arrays.stream(sizes).sum(), dimension, seed);
        }
    },
    /** {@link DenseDirections}. */
    DENSE {
        @Override
        public ProjectionMemory memory(int[] sizes, int dimension, DataType type) {
            return new ProjectionMemory((double) Arrays.stream(sizes).sum() * dimension * type.width(), false);
        }

        @Override
        public Projection draw(int[] sizes, int dimension, DataType type, long seed) {
            return DenseDirections.draw(Arrays.stream(sizes).sum(), dimension, type, seed);
        }
    },
    /** {@link SparseDirections}. */
    SPARSE {
        @Override
        public ProjectionMemory memory(int[] sizes, int dimension, DataType type) {
            double entries = dimension * SparseDirections.expectedEntries(sizes);
            return new ProjectionMemory(
                    12 * entries + 8.0 * Arrays.stream(sizes).sum(), true);
        }

        @Override
        public Projection draw(int[] sizes, int dimension, DataType type, long seed) {
            return SparseDirections.draw(sizes, dimension, seed);
        }
    };

    /**
     * What a projection of this kind keeps.
     *
     * @param sizes of all tensors, which sum to D, less than 2^30
     * @param dimension d
     * @param type of the network
     */
    public abstract ProjectionMemory memory(int[] sizes, int dimension, DataType type);

    /** A random projection; parameters as in {@link #memory}. */
    public abstract Projection draw(int[] sizes, int dimension, DataType type, long seed);
}
