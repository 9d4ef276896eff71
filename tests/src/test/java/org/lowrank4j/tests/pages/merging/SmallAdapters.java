package org.lowrank4j.tests.pages.merging;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.lowrank4j.adapter.Adapter;
import org.lowrank4j.adapter.LayerAdapter;
import org.lowrank4j.rule.Scaling;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Adapters of normal factors: one layer "hidden" of 7 x 5, scale 2. */
final class SmallAdapters {

    static final int INPUTS = 7;
    static final int OUTPUTS = 5;
    static final int RANK = 3;

    private SmallAdapters() {}

    static Map<String, Adapter> some(int count) {
        Random random = new Random(4);
        Map<String, Adapter> adapters = new LinkedHashMap<>();
        for (int i = 0; i < count; i++) {
            LayerAdapter layer = new LayerAdapter(
                    normal(random, INPUTS, RANK), normal(random, RANK, OUTPUTS), 2 * RANK, Scaling.STANDARD, null);
            adapters.put("task" + i, new Adapter(Map.of("hidden", layer)));
        }
        return adapters;
    }

    static INDArray change(Adapter adapter) {
        return adapter.layer("hidden").product();
    }

    static double distance(INDArray one, INDArray other) {
        return one.sub(other).norm2Number().doubleValue();
    }

    private static INDArray normal(Random random, int rows, int columns) {
        INDArray matrix = Nd4j.create(DataType.FLOAT, rows, columns);
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                matrix.putScalar(row, column, random.nextGaussian());
            }
        }
        return matrix;
    }
}
