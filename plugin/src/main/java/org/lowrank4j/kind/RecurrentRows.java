package org.lowrank4j.kind;

import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.layers.recurrent.BaseRecurrentLayer;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Of a recurrent layer a row for each step of each example: x for its W, and for its RW the outputs of the step before, which are
 * 0 at the first.
 */
final class RecurrentRows implements InputRows {

    private final boolean oneWay;

    /** @param oneWay whether the outputs are those of one recurrence, and not of two that are added up */
    RecurrentRows(boolean oneWay) {
        this.oneWay = oneWay;
    }

    @Override
    public boolean shows(String parameter) {
        return oneWay || !isRecurrent(parameter);
    }

    private static boolean isRecurrent(String parameter) {
        return parameter.startsWith(RecurrentPasses.RECURRENT);
    }

    @Override
    public @Nullable INDArray of(BaseLayer<?> layer, String parameter) {
        return ExampleRows.ofSeries(
                isRecurrent(parameter) ? previousOutputs(layer) : unitsFirst(layer, layer.input()),
                layer.getMaskArray());
    }

    private static INDArray previousOutputs(BaseLayer<?> layer) {
        INDArray outputs = unitsFirst(layer, layer.activate(false, LayerWorkspaceMgr.noWorkspaces()));
        INDArray previous = Nd4j.zeros(outputs.dataType(), outputs.shape());
        long steps = outputs.size(2);
        if (steps > 1) {
            previous.get(NDArrayIndex.all(), NDArrayIndex.all(), NDArrayIndex.interval(1, steps))
                    .assign(outputs.get(NDArrayIndex.all(), NDArrayIndex.all(), NDArrayIndex.interval(0, steps - 1)));
        }
        return previous;
    }

    private static INDArray unitsFirst(BaseLayer<?> layer, INDArray array) {
        return ((BaseRecurrentLayer<?>) layer).getDataFormat() == RNNFormat.NWC ? array.permute(0, 2, 1) : array;
    }
}
