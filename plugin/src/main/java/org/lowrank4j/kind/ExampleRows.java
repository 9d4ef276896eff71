package org.lowrank4j.kind;

import java.util.Arrays;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.util.TimeSeriesUtils;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** One row per example, or per example and time step. */
final class ExampleRows implements InputRows {

    @Override
    public @Nullable INDArray of(BaseLayer<?> layer, String parameter) {
        return unmasked(matrix(layer, layer.input()), layer.getMaskArray());
    }

    /**
     * Those of a series, the examples of a step one after the other.
     *
     * @param series examples x nIn x steps
     * @param mask examples x steps, or null
     */
    static @Nullable INDArray ofSeries(INDArray series, @Nullable INDArray mask) {
        return unmasked(perStep(series), mask == null ? null : mask.dup('f').reshape('f', new long[] {mask.length()}));
    }

    /** In the order of rows that the mask of an RnnOutputLayer has. */
    private static INDArray perStep(INDArray series) {
        return TimeSeriesUtils.reshape3dTo2d(series, LayerWorkspaceMgr.noWorkspaces(), ArrayType.INPUT);
    }

    /** Of an RnnOutputLayer, whose input is examples x nIn x steps, or with the last two exchanged. */
    private static INDArray matrix(BaseLayer<?> layer, INDArray input) {
        if (input.rank() != 3) {
            return input;
        }
        boolean stepsSecond =
                layer.layerConf() instanceof RnnOutputLayer output && output.getRnnDataFormat() == RNNFormat.NWC;
        return perStep(stepsSecond ? input.permute(0, 2, 1) : input);
    }

    /** A mask with one entry per row leaves rows out; a mask per output unit says nothing of inputs. */
    private static @Nullable INDArray unmasked(INDArray rows, @Nullable INDArray mask) {
        if (mask == null || mask.length() != rows.size(0)) {
            return rows;
        }
        INDArray flags = mask.reshape(mask.length());
        int[] kept = new int[Math.toIntExact(rows.size(0))];
        int count = 0;
        for (int i = 0; i < kept.length; i++) {
            if (flags.getDouble(i) != 0) {
                kept[count++] = i;
            }
        }
        if (count == 0) {
            return null;
        }
        return count == kept.length ? rows : Nd4j.pullRows(rows, 1, Arrays.copyOf(kept, count));
    }
}
