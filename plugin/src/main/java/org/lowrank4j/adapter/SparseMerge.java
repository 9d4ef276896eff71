package org.lowrank4j.adapter;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Entry-wise parts of TIES (arXiv 2306.01708) and DARE (arXiv 2311.03099), on matrices in double. */
final class SparseMerge {

    private SparseMerge() {}

    /** The entries of largest magnitude, this part of all of them (rounded down, at least one); the others are 0. */
    static INDArray largest(INDArray tensor, double density) {
        double[] entries = entries(tensor);
        int kept = Math.max(1, (int) (density * entries.length));
        double[] magnitudes = Arrays.stream(entries).map(Math::abs).sorted().toArray();
        double threshold = magnitudes[entries.length - kept];
        long above = Arrays.stream(entries)
                .filter(entry -> Math.abs(entry) > threshold)
                .count();
        long ties = kept - above;
        for (int i = 0; i < entries.length; i++) {
            boolean tie = Math.abs(entries[i]) == threshold;
            if (Math.abs(entries[i]) < threshold || tie && ties-- <= 0) {
                entries[i] = 0;
            }
        }
        return matrix(entries, tensor);
    }

    /** Each entry stays with the probability of the density, divided by it; the others are 0. */
    static INDArray dropped(INDArray tensor, double density, long seed, String key) {
        Random random = new Random(seed * 31 + key.hashCode());
        double[] entries = entries(tensor);
        for (int i = 0; i < entries.length; i++) {
            entries[i] = random.nextDouble() < density ? entries[i] / density : 0;
        }
        return matrix(entries, tensor);
    }

    /** Per entry: the sign of the sum, and the mean of the values that have this sign; 0 if none has. */
    static INDArray elected(List<INDArray> tensors) {
        double[][] all = tensors.stream().map(SparseMerge::entries).toArray(double[][]::new);
        double[] merged = new double[all[0].length];
        for (int i = 0; i < merged.length; i++) {
            double sum = 0;
            for (double[] entries : all) {
                sum += entries[i];
            }
            double sign = sum >= 0 ? 1 : -1;
            double agreeing = 0;
            int count = 0;
            for (double[] entries : all) {
                if (Math.signum(entries[i]) == sign) {
                    agreeing += entries[i];
                    count++;
                }
            }
            merged[i] = agreeing / Math.max(1, count);
        }
        return matrix(merged, tensors.get(0));
    }

    private static double[] entries(INDArray tensor) {
        return tensor.castTo(DataType.DOUBLE).dup('c').data().asDouble();
    }

    private static INDArray matrix(double[] entries, INDArray like) {
        return Nd4j.create(entries, like.shape(), 'c');
    }
}
