package org.lowrank4j.kind;

import java.util.Arrays;
import java.util.List;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.layers.OutputLayer;
import org.deeplearning4j.nn.layers.feedforward.dense.DenseLayer;
import org.deeplearning4j.nn.layers.recurrent.RnnOutputLayer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.util.TimeSeriesUtils;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** W of a dense layer, and of an output layer for examples or series. */
public final class Dense implements LayerKind {

    @Override
    public boolean is(Trainable layer) {
        return layer.getClass() == DenseLayer.class
                || layer.getClass() == OutputLayer.class
                || layer.getClass() == RnnOutputLayer.class;
    }

    @Override
    public List<Matrix> matrices() {
        return List.of(Matrix.asItIs("W"));
    }

    @Override
    public boolean byDefault() {
        return true;
    }

    /** One row per example, or per example and time step. */
    @Override
    public InputRows inputRows() {
        return layer -> unmasked(matrix(layer, layer.input()), layer.getMaskArray());
    }

    /** Of an RnnOutputLayer, whose input is examples x nIn x steps, or with the last two exchanged. */
    private static INDArray matrix(BaseLayer<?> layer, INDArray input) {
        if (input.rank() != 3) {
            return input;
        }
        boolean stepsSecond = layer.layerConf() instanceof org.deeplearning4j.nn.conf.layers.RnnOutputLayer output
                && output.getRnnDataFormat() == RNNFormat.NWC;
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
