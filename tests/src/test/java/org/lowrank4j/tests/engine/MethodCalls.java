package org.lowrank4j.tests.engine;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.deeplearning4j.datasets.iterator.ExistingDataSetIterator;
import org.deeplearning4j.datasets.iterator.IteratorMultiDataSetIterator;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.layers.feedforward.dense.DenseLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.util.ModelSerializer;
import org.jspecify.annotations.Nullable;
import org.nd4j.adapters.OutputAdapter;
import org.nd4j.evaluation.IEvaluation;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.dataset.api.iterator.MultiDataSetIterator;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.schedule.ISchedule;
import org.nd4j.linalg.schedule.ScheduleType;
import org.nd4j.linalg.schedule.StepSchedule;

/** Arguments for every public method of a network or layer, by their types; and the methods that have no need of any. */
final class MethodCalls {

    /** Methods that are not called, by name, with the reason: they cannot depend on weights, unless it says else. */
    static final Map<String, String> LEFT_OUT = Map.ofEntries(
            Map.entry("evaluateROC", "refuses three classes; evaluateROCMultiClass takes the same way"),
            Map.entry("feedForwardMaskArray", "masks"),
            Map.entry("getUpdater", "its state has a checksum of the last bits of weights, which round elsewhere"),
            Map.entry("memoryInfo", "memory, as it is now"),
            Map.entry("rnnGetPreviousState", "state of recurrent layers, which do not lag"),
            Map.entry("rnnGetPreviousStates", "state of recurrent layers, which do not lag"),
            Map.entry("rnnSetPreviousState", "state of recurrent layers, which do not lag"),
            Map.entry("rnnSetPreviousStates", "state of recurrent layers, which do not lag"),
            Map.entry("setCacheMode", "how activations are kept"),
            Map.entry("setConf", "a configuration"),
            Map.entry("setDataType", "the type of activations"),
            Map.entry("setGradient", "a gradient"),
            Map.entry("setGradientsAccumulator", "how gradients are exchanged: such a network trains as stock"),
            Map.entry("setLayerMaskArrays", "masks"),
            Map.entry("setLayerWiseConfigurations", "a configuration"),
            Map.entry("setMask", "a mask"),
            Map.entry("setMaskArray", "a mask"),
            Map.entry("setMaskState", "a mask"),
            Map.entry("setTrainingListeners", "listeners of one layer"),
            Map.entry("setUpdater", "an updater"),
            Map.entry("updaterState", "the same as of getUpdater: going on from it is a test of its own"),
            Map.entry("updateRnnStateWithTBPTTState", "state of recurrent layers, which do not lag"));

    /** The same of one class. */
    private static final Map<String, String> LEFT_OUT_OF = Map.of(
            "ComputationGraph.backpropGradient",
                    "refuses a graph with an output layer; computeGradientAndScore is tried",
            "DenseLayer.backpropGradient",
                    "needs views that its network lends; the network's calculateGradients is tried");

    /** After these nothing trains that could be compared. */
    static final Set<String> ENDS = Set.of("close", "setParamsViewArray");

    /** What they take besides features are masks. */
    private static final Set<String> MASKED = Set.of("output", "feedForward");

    /** What they take is an index of what there is one of. */
    private static final Set<String> SINGLE = Set.of("getInput", "setInput", "setLabel", "getOutputLayer");

    private static final int EXAMPLES = 6;
    private static final DataSet BATCH = Data.classes(7, DataType.DOUBLE, EXAMPLES, Nets.INPUTS, Nets.CLASSES);

    private final Object asked;
    private final Path folder;
    private @Nullable File saved;

    MethodCalls(Object asked, Path folder) {
        this.asked = asked;
        this.folder = folder;
    }

    static boolean leavesOut(Method method, Class<?> type) {
        return LEFT_OUT.containsKey(method.getName())
                || LEFT_OUT_OF.containsKey(type.getSimpleName() + "." + method.getName());
    }

    static String signature(Method method) {
        return method.getName()
                + Arrays.stream(method.getParameterTypes())
                        .map(Class::getSimpleName)
                        .collect(Collectors.joining(", ", "(", ")"));
    }

    private INDArray x() {
        return asked instanceof Model && !(asked instanceof DenseLayer)
                ? BATCH.getFeatures().dup()
                : Data.normal(9, DataType.DOUBLE, EXAMPLES, Nets.HIDDEN);
    }

    private static INDArray y() {
        return BATCH.getLabels().dup();
    }

    /** A network of the same shape, which no rule applies to. */
    private Model other() {
        NeuralNetConfiguration.Builder settings =
                Nets.settings(DataType.DOUBLE, new Adam(0.02)).seed(77);
        return asked instanceof ComputationGraph
                ? Nets.initialised(Nets.graph(settings))
                : Nets.initialised(Nets.layers(settings));
    }

    /** The same layer of it, or itself. */
    private Model others() {
        return asked instanceof DenseLayer ? ((MultiLayerNetwork) other()).getLayer(1) : other();
    }

    /** @throws AssertionError where the table has no row */
    @Nullable Object[] arguments(Method method) throws IOException {
        prepare(method);
        Object[] own = own(method);
        if (own != null) {
            return own;
        }
        Class<?>[] types = method.getParameterTypes();
        Object[] arguments = new Object[types.length];
        int arrays = 0;
        for (int i = 0; i < types.length; i++) {
            Class<?> type = types[i];
            boolean isArray = type == INDArray.class || type == INDArray[].class;
            boolean isMask = arrays > 0 && MASKED.contains(method.getName());
            arguments[i] = isArray ? isMask ? null : array(type, arrays++) : argument(type, method);
        }
        return arguments;
    }

    /** Features, labels, and no masks. */
    private @Nullable Object array(Class<?> type, int index) {
        INDArray array = index == 0 ? x() : index == 1 ? y() : null;
        return type == INDArray.class || array == null ? array : new INDArray[] {array};
    }

    private @Nullable Object argument(Class<?> type, Method method) {
        if (type == int.class) {
            return SINGLE.contains(method.getName()) ? 0 : 1;
        } else if (type == long.class) {
            return 1L;
        } else if (type == double.class) {
            return 0.01;
        } else if (type == boolean.class) {
            return false;
        } else if (type == String.class) {
            boolean ofParameter =
                    method.getName().contains("Param") || method.getName().startsWith("update");
            return asked instanceof DenseLayer ? "W" : !ofParameter ? layer() : parameter();
        } else if (type == DataSet.class || type == org.nd4j.linalg.dataset.api.DataSet.class) {
            DataSet batch = BATCH.copy();
            batch.setLabelNames(List.of("a", "b", "c"));
            return batch;
        } else if (type == MultiDataSet.class) {
            return BATCH.copy().toMultiDataSet();
        } else if (type == DataSetIterator.class) {
            return new ExistingDataSetIterator(List.of(BATCH.copy()));
        } else if (type == MultiDataSetIterator.class) {
            return new IteratorMultiDataSetIterator(
                    List.of((MultiDataSet) BATCH.copy().toMultiDataSet()).iterator(), EXAMPLES);
        } else if (type == Layer.TrainingMode.class) {
            return Layer.TrainingMode.TEST;
        } else if (type == LayerWorkspaceMgr.class) {
            return LayerWorkspaceMgr.noWorkspaces();
        } else if (type == MemoryWorkspace.class) {
            return null;
        } else if (type == DataType.class) {
            return DataType.FLOAT;
        } else if (type == File.class) {
            return file();
        } else if (type == List.class || type == java.util.Collection.class) {
            return method.getName().equals("output") ? List.of("out") : new ArrayList<>();
        } else if (type == TrainingListener[].class) {
            return new TrainingListener[0];
        } else if (type == IEvaluation[].class) {
            return new IEvaluation[] {new Evaluation()};
        } else if (type == OutputAdapter.class) {
            return (OutputAdapter<Double>) outputs -> outputs[0].sumNumber().doubleValue();
        } else if (type == InputType.class) {
            return InputType.feedForward(Nets.INPUTS);
        } else if (type == InputType[].class) {
            return new InputType[] {InputType.feedForward(Nets.INPUTS)};
        } else if (type == int[].class) {
            return new int[] {0, 1, 2, 0, 1, 2};
        } else if (type == ISchedule.class) {
            return new StepSchedule(ScheduleType.ITERATION, 0.01, 0.5, 3);
        } else if (type == Layer[].class) {
            return ((MultiLayerNetwork) asked).getLayers();
        } else if (type == Map.class) {
            return method.getName().equals("evaluate")
                    ? Map.of(0, new IEvaluation[] {new Evaluation()})
                    : others().paramTable(false);
        } else if (type == Gradient.class) {
            Gradient gradient = new DefaultGradient();
            gradient.gradientForVariable().putAll(others().paramTable(false));
            return gradient;
        } else if (type == Object.class) {
            return asked;
        }
        throw new AssertionError(signature(method) + " has no row in the table of arguments");
    }

    private File file() {
        File file = folder.resolve("network" + System.nanoTime() + ".zip").toFile();
        saved = file;
        return file;
    }

    /** What the answer of a method without one is: the file that was written. */
    @Nullable Object answer(Method method, @Nullable Object answer) {
        return method.getName().equals("save") ? saved : answer;
    }

    private String layer() {
        return asked instanceof ComputationGraph ? "second" : "layer1";
    }

    private String parameter() {
        return asked instanceof ComputationGraph ? "second_W" : "1_W";
    }

    /** A layer that was not given anything has nothing to answer. */
    private void prepare(Method method) throws IOException {
        if (asked instanceof DenseLayer layer && !method.getName().startsWith("set")) {
            layer.setInput(x(), LayerWorkspaceMgr.noWorkspaces());
        }
        if (method.getName().equals("load")) {
            ModelSerializer.writeModel((Model) asked, file(), true);
        }
    }

    private @Nullable Object @Nullable [] own(Method method) {
        return switch (method.getName()) {
            case "load" -> new Object[] {saved, true};
            case "activateSelectedLayers" -> new Object[] {0, 1, x()};
            case "setParams", "setParameters", "setParamsViewArray", "setBackpropGradientsViewArray" ->
                new Object[] {others().params().dup()};
            case "setParam" ->
                new Object[] {
                    asked instanceof DenseLayer ? "W" : parameter(),
                    Data.normal(8, DataType.DOUBLE, Nets.HIDDEN, Nets.HIDDEN - 1)
                };
            case "update" ->
                method.getParameterCount() == 2
                        ? new Object[] {Data.normal(8, DataType.DOUBLE, Nets.HIDDEN, Nets.HIDDEN - 1), "W"}
                        : null;
            default -> null;
        };
    }
}
