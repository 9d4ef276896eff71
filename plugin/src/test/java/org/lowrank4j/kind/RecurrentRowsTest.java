package org.lowrank4j.kind;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.layers.BaseRecurrentLayer;
import org.deeplearning4j.nn.conf.layers.GravesLSTM;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** What the matrices of recurrent layers multiply, as starts see it. */
class RecurrentRowsTest {

    private static final int EXAMPLES = 3;
    private static final int STEPS = 4;

    @SuppressWarnings("deprecation")
    static Stream<BaseRecurrentLayer.Builder<?>> layers() {
        return Stream.of(
                new LSTM.Builder(),
                new LSTM.Builder().dataFormat(RNNFormat.NWC),
                new GravesLSTM.Builder(),
                new SimpleRnn.Builder());
    }

    private static BaseLayer<?> layer(BaseRecurrentLayer.Builder<?> builder) {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .seed(1)
                .dataType(DataType.DOUBLE)
                .list()
                .layer(builder.nIn(2).nOut(5).build())
                .build());
        network.init();
        return (BaseLayer<?>) network.getLayer(0);
    }

    @ParameterizedTest
    @MethodSource("layers")
    void areInputsAndTheOutputsOfTheStepBefore(BaseRecurrentLayer.Builder<?> builder) {
        BaseLayer<?> layer = layer(builder);
        Nd4j.getRandom().setSeed(2);
        INDArray x = Nd4j.randn(DataType.DOUBLE, EXAMPLES, 2, STEPS);
        boolean stepsSecond = RecurrentPasses.isStepsFirst(layer);
        layer.setInput(stepsSecond ? x.permute(0, 2, 1).dup() : x, LayerWorkspaceMgr.noWorkspaces());
        INDArray made = layer.activate(false, LayerWorkspaceMgr.noWorkspaces());
        INDArray outputs = stepsSecond ? made.permute(0, 2, 1) : made;
        // The last step of the first example is padding.
        INDArray mask = Nd4j.ones(DataType.DOUBLE, EXAMPLES, STEPS);
        mask.putScalar(0, STEPS - 1, 0);
        layer.setMaskArray(mask);
        InputRows rows = LayerKinds.inputRows(layer);
        assertNotNull(rows);
        INDArray ofW = rows.of(layer, "W");
        INDArray ofRw = rows.of(layer, "RW");
        assertNotNull(ofW);
        assertNotNull(ofRw);
        List<INDArray> inputs = new ArrayList<>();
        List<INDArray> previous = new ArrayList<>();
        for (int step = 0; step < STEPS; step++) {
            for (int example = 0; example < EXAMPLES; example++) {
                if (mask.getDouble(example, step) != 0) {
                    inputs.add(at(x, example, step));
                    previous.add(step == 0 ? Nd4j.zeros(DataType.DOUBLE, 5) : at(outputs, example, step - 1));
                }
            }
        }
        assertEquals(Nd4j.vstack(inputs), ofW);
        assertEquals(Nd4j.vstack(previous), ofRw);
    }

    private static INDArray at(INDArray series, int example, int step) {
        return series.get(NDArrayIndex.point(example), NDArrayIndex.all(), NDArrayIndex.point(step))
                .dup();
    }

    @Test
    void aMaskThatHidesAllLeavesNone() {
        BaseLayer<?> layer = layer(new LSTM.Builder());
        layer.setInput(Nd4j.ones(DataType.DOUBLE, 1, 2, 2), LayerWorkspaceMgr.noWorkspaces());
        layer.setMaskArray(Nd4j.zeros(DataType.DOUBLE, 1, 2));
        assertNull(new Lstm().inputRows().of(layer, "RW"));
    }

    @Test
    void twoRecurrencesWhoseOutputsAreAddedDoNotShowThem() {
        assertFalse(new GravesBidirectionalLstm().inputRows().shows("RWF"));
    }
}
