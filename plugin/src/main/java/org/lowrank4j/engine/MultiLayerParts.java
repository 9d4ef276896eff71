package org.lowrank4j.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.Updater;
import org.deeplearning4j.nn.api.layers.IOutputLayer;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.layers.FrozenLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.ConvexOptimizer;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** The parts of a MultiLayerNetwork. */
final class MultiLayerParts extends NetworkParts {

    private final MultiLayerNetwork network;

    MultiLayerParts(MultiLayerNetwork network) {
        this.network = network;
    }

    @Override
    Model model() {
        return network;
    }

    @Override
    String kind() {
        return "MultiLayerNetwork";
    }

    @Override
    List<Part> collect() {
        Layer[] layers = network.getLayers();
        List<Part> parts = new ArrayList<>(layers.length);
        long offset = 0;
        for (int i = 0; i < layers.length; i++) {
            boolean preprocessed = network.getLayerWiseConfigurations().getInputPreProcess(i) != null;
            Part part = part(i, nameOf(i), layers[i], layers[i], offset, preprocessed);
            parts.add(part);
            offset += part.shape().parameterCount();
        }
        return parts;
    }

    private String nameOf(int index) {
        String name = network.getLayers()[index].conf().getLayer().getLayerName();
        return name == null ? "layer" + index : name;
    }

    @Override
    boolean[] reached(List<Part> parts) {
        boolean[] reached = new boolean[parts.size()];
        for (int i = parts.size() - 1; i >= 0 && !(parts.get(i).layer() instanceof FrozenLayer); i--) {
            reached[i] = true;
        }
        return reached;
    }

    @Override
    boolean[] needsEpsilon(List<Part> parts, boolean[] trained) {
        boolean[] needed = new boolean[parts.size()];
        boolean trainedBelow = false;
        for (int i = 0; i < needed.length; i++) {
            needed[i] = trainedBelow || parts.get(i).preprocessed();
            trainedBelow |= trained[i];
        }
        return needed;
    }

    @Override
    Runnable cutBelow(Set<String> trainedNames) {
        Layer[] layers = network.getLayers();
        int lowest = 0;
        while (lowest < layers.length && !trainedNames.contains(nameOf(lowest))) {
            lowest++;
        }
        int cut = lowest - 1;
        if (cut < 0 || lowest == layers.length || layers[cut] instanceof FrozenLayer) {
            return () -> {};
        }
        // The backward pass of DL4J ends at the first FrozenLayer that it meets.
        Layer original = layers[cut];
        layers[cut] = new FrozenLayer(original);
        return () -> layers[cut] = original;
    }

    @Override
    void flattenedGradients(@Nullable INDArray gradients) {
        Dl4jInternals.flattenedGradients(network, gradients);
    }

    @Override
    boolean hasOutputLayers() {
        return network.getOutputLayer() instanceof IOutputLayer;
    }

    @Override
    DataType dataType() {
        return network.getLayerWiseConfigurations().getDataType();
    }

    @Override
    NeuralNetConfiguration configuration() {
        return network.conf();
    }

    @Override
    int iteration() {
        return network.getIterationCount();
    }

    @Override
    int epoch() {
        return network.getEpochCount();
    }

    @Override
    void updaterOf(ConvexOptimizer optimizer, @Nullable Object updater) {
        optimizer.setUpdater((Updater) updater);
    }

    @Override
    @Nullable Object updaterOf(ConvexOptimizer optimizer) {
        return optimizer.getUpdater(false);
    }

    @Override
    void show(MultiDataSet batch) {
        masks(first(batch.getFeaturesMaskArrays()), first(batch.getLabelsMaskArrays()));
        network.setInput(batch.getFeatures(0));
        network.setLabels(batch.getLabels(0));
    }

    @Override
    Runnable showAgain(MultiDataSet first) {
        INDArray input = network.getInput();
        INDArray labels = network.getLabels();
        return () -> {
            masks(
                    firstSteps(first(first.getFeaturesMaskArrays()), input),
                    firstSteps(first(first.getLabelsMaskArrays()), labels));
            network.setInput(input);
            network.setLabels(labels);
        };
    }

    private void masks(@Nullable INDArray features, @Nullable INDArray labels) {
        network.clearLayerMaskArrays();
        network.setLayerMaskArrays(features, labels);
    }

    private static @Nullable INDArray first(INDArray @Nullable [] arrays) {
        return arrays == null ? null : arrays[0];
    }

    /** A mask, examples x steps or examples x units x steps, cut to the steps of a stretch of its series. */
    private static @Nullable INDArray firstSteps(@Nullable INDArray mask, INDArray series) {
        if (mask == null || series.rank() != 3 || mask.size(-1) <= series.size(2)) {
            return mask;
        }
        INDArrayIndex steps = NDArrayIndex.interval(0, series.size(2));
        return mask.rank() == 2
                ? mask.get(NDArrayIndex.all(), steps)
                : mask.get(NDArrayIndex.all(), NDArrayIndex.all(), steps);
    }

    @Override
    void passForward() {
        network.feedForward(false, false);
    }

    @Override
    void passBothWays() {
        network.computeGradientAndScore();
    }

    @Override
    Collection<TrainingListener> listeners(Collection<TrainingListener> listeners) {
        return Dl4jInternals.listeners(network, listeners);
    }

    @Override
    boolean truncatedBackprop() {
        return network.getLayerWiseConfigurations().getBackpropType() == BackpropType.TruncatedBPTT;
    }

    @Override
    public String toString() {
        return kind() + Arrays.toString(network.getLayers());
    }
}
