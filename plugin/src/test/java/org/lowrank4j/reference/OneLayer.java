package org.lowrank4j.reference;

import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.lowrank4j.engine.WatchedLayer;
import org.lowrank4j.kind.LayerKinds;
import org.lowrank4j.kind.Matrix;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The DL4J layer of a case with the case's weights, its own passes, and its matrices as training sees them. */
final class OneLayer {

    private static final LayerWorkspaceMgr NOWHERE = LayerWorkspaceMgr.noWorkspaces();

    private final Layer layer;
    private final Map<String, Matrix> matrices = new LinkedHashMap<>();
    private final INDArray input;
    private final INDArray target;

    /** @param input what goes in, by its name in the case */
    OneLayer(org.deeplearning4j.nn.conf.layers.Layer layer, String input, ReferenceCase given, DataType type) {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .dataType(type)
                .activation(Activation.IDENTITY)
                .list()
                .layer(layer)
                .build());
        network.init();
        network.initGradientsView();
        this.layer = network.getLayer(0);
        this.input = given.input(input, type);
        target = given.input("target", type);
        this.layer
                .paramTable()
                .forEach((name, array) ->
                        array.assign(given.input(nameInCase(name), type).reshape(array.shape())));
        LayerKinds.matrices(this.layer, this.layer.paramTable().keySet())
                .forEach(matrix -> matrices.put(matrix.parameter(), matrix));
    }

    /** Cases write bias in the place of b, with the prefix of Bidirectional before it. */
    static String nameInCase(String parameter) {
        return parameter.equals("b") || parameter.equals("fb") || parameter.equals("bb")
                ? parameter.substring(0, parameter.length() - 1) + "bias"
                : parameter;
    }

    /** The matrices that its kind says that it has, by parameter. */
    Map<String, Matrix> matrices() {
        return matrices;
    }

    /** A parameter in DL4J's shape, live. */
    INDArray parameter(String name) {
        return layer.getParam(name);
    }

    boolean has(String parameter) {
        return layer.paramTable().containsKey(parameter);
    }

    /** M on the memory of a parameter, live. */
    INDArray matrix(String parameter) {
        return matrices.get(parameter).view().apply(parameter(parameter));
    }

    /** What the last backward pass wrote for a parameter, live. */
    INDArray gradient(String parameter) {
        return WatchedLayer.inLayoutOf(parameter(parameter), layer, layer.getGradientsViewArray());
    }

    /** dL/dM of the last backward pass, live. */
    INDArray gradientOfMatrix(String parameter) {
        return matrices.get(parameter).view().apply(gradient(parameter));
    }

    /** DL4J's own passes with the weights as they are now. */
    void pass(Outcome outcome) {
        layer.setInputMiniBatchSize(Math.toIntExact(input.size(0)));
        layer.setInput(input.dup(), NOWHERE);
        INDArray output = layer.activate(true, NOWHERE).dup();
        INDArray delta = output.sub(target);
        outcome.put("y", output);
        outcome.put("loss", delta.mul(delta).sumNumber().doubleValue() / 2);
        INDArray epsilon = layer.backpropGradient(delta, NOWHERE).getSecond();
        if (epsilon != null) {
            outcome.put("dx", epsilon);
        }
    }
}
