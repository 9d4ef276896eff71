package org.lowrank4j.tests.engine;

import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.samediff.SDLayerParams;
import org.deeplearning4j.nn.conf.layers.samediff.SameDiffLayer;
import org.deeplearning4j.nn.weights.WeightInit;
import org.deeplearning4j.nn.weights.WeightInitUtil;
import org.lowrank4j.kind.DefaultTarget;
import org.lowrank4j.kind.LayerKind;
import org.lowrank4j.kind.Matrix;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A user's layer with two matrices, tanh(x down) up, and what lowrank4j has to know of it. */
public final class TwoStageLayer extends SameDiffLayer {

    /** How many units there are between the two matrices. */
    private int width;

    private int inputs;
    private int outputs;

    /** For JSON. */
    public TwoStageLayer() {}

    TwoStageLayer(int inputs, int width, int outputs) {
        this.inputs = inputs;
        this.width = width;
        this.outputs = outputs;
    }

    /** All that adapting it takes, besides a line in the file of services. */
    public static final class Kind implements LayerKind {

        @Override
        public boolean is(Trainable layer) {
            return layer instanceof Layer plain && plain.conf().getLayer() instanceof TwoStageLayer;
        }

        @Override
        public List<Matrix> matrices() {
            return List.of(Matrix.asItIs("down"), Matrix.asItIs("up"));
        }

        @Override
        public DefaultTarget byDefault() {
            return DefaultTarget.ALWAYS;
        }
    }

    @Override
    public void defineParameters(SDLayerParams parameters) {
        parameters.addWeightParam("down", inputs, width);
        parameters.addWeightParam("up", width, outputs);
    }

    @Override
    public void initializeParameters(Map<String, INDArray> parameters) {
        parameters.forEach((name, array) -> WeightInitUtil.initWeights(
                array.size(0), array.size(1), array.shape(), WeightInit.XAVIER, null, 'c', array));
    }

    @Override
    public SDVariable defineLayer(
            SameDiff graph, SDVariable input, Map<String, SDVariable> parameters, SDVariable mask) {
        SDVariable inner = graph.math().tanh(input.mmul(parameters.get("down")));
        return inner.mmul(parameters.get("up"));
    }

    @Override
    public InputType getOutputType(int index, InputType input) {
        return InputType.feedForward(outputs);
    }

    public int getWidth() {
        return width;
    }

    public void setWidth(int width) {
        this.width = width;
    }

    public int getInputs() {
        return inputs;
    }

    public void setInputs(int inputs) {
        this.inputs = inputs;
    }

    public int getOutputs() {
        return outputs;
    }

    public void setOutputs(int outputs) {
        this.outputs = outputs;
    }
}
