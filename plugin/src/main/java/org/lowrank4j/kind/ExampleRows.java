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
    public @Nullable INDArray of(BaseLayer<?> layer) {
        return unmasked(matrix(layer, layer.input()), layer.getMaskArray());
    }

    /** Of an RnnOutputLayer, whose input is examples x nIn x steps, or with the last two exchanged. */
    private static INDArray matrix(BaseLayer<?> layer, INDArray input) {
        if (input.rank() != 3) {
            return input;
        }
        boolean stepsSecond =
                layer.layerConf() instanceof RnnOutputLayer output && output.getRnnDataFormat() == RNNFormat.NWC;
        // In the order of rows that the mask has.
        return TimeSeriesUtils.reshape3dTo2d(
                stepsSecond ? input.permute(0, 2, 1) : input, LayerWorkspaceMgr.noWorkspaces(), ArrayType.INPUT);
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
