package vision;

import digits.DigitSet;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.Adam;

/**
 * A small residual network (He et al. 2016) for grey pictures of 28 x 28: a first convolution, two blocks of two more, each with
 * half the pixels a side and twice the channels of what is before it, and the mean over the pixels.
 */
final class ResidualNetwork {

    /** The last vertex before the output layer: 128 numbers a picture. */
    static final String FEATURES = "pool";

    /** What comes before the last block. */
    static final String BEFORE_LAST_BLOCK = "block1";

    static final int FEATURE_COUNT = 128;
    static final String OUTPUT = "output";

    private final GraphBuilder graph;

    private ResidualNetwork(GraphBuilder graph) {
        this.graph = graph;
    }

    /** A network that has learned nothing yet. */
    static ComputationGraph drawn(double rate, long seed) {
        ResidualNetwork network = new ResidualNetwork(new NeuralNetConfiguration.Builder()
                .seed(seed)
                .updater(new Adam(rate))
                .weightInit(WeightInit.RELU)
                .convolutionMode(ConvolutionMode.Same)
                .graphBuilder()
                .addInputs("in")
                .setInputTypes(InputType.convolutionalFlat(DigitSet.SIDE, DigitSet.SIDE, 1)));
        network.convolution("first", "in", 32, 3, 2);
        network.relu("block0", "first-norm");
        network.block("block1", "block0", 64, 2);
        network.block("block2", "block1", FEATURE_COUNT, 2);
        network.graph.addLayer(FEATURES, new GlobalPoolingLayer(PoolingType.AVG), "block2");
        network.graph.addLayer(OUTPUT, output(), FEATURES).setOutputs(OUTPUT);
        ComputationGraph drawn = new ComputationGraph(network.graph.build());
        drawn.init();
        return drawn;
    }

    /** A new output layer, for as many classes as there are kinds of pictures. */
    static OutputLayer output() {
        return new OutputLayer.Builder()
                .nIn(FEATURE_COUNT)
                .nOut(DigitSet.CLASSES)
                .weightInit(WeightInit.XAVIER)
                .activation(Activation.SOFTMAX)
                .build();
    }

    private void block(String name, String input, int channels, int stride) {
        convolution(name + "-a", input, channels, 3, stride);
        relu(name + "-relu", name + "-a-norm");
        convolution(name + "-b", name + "-relu", channels, 3, 1);
        String around = input;
        if (stride > 1) {
            convolution(name + "-around", input, channels, 1, stride);
            around = name + "-around-norm";
        }
        graph.addVertex(name + "-sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), name + "-b-norm", around);
        relu(name, name + "-sum");
    }

    /** A convolution without bias and its normalisation, {@code NAME-norm}. */
    private void convolution(String name, String input, int channels, int side, int stride) {
        graph.addLayer(
                name,
                new ConvolutionLayer.Builder(side, side)
                        .stride(stride, stride)
                        .nOut(channels)
                        .hasBias(false)
                        .activation(Activation.IDENTITY)
                        .build(),
                input);
        graph.addLayer(name + "-norm", new BatchNormalization(), name);
    }

    private void relu(String name, String input) {
        graph.addLayer(name, new ActivationLayer(Activation.RELU), input);
    }
}
