package org.lowrank4j.agent.weave;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.lowrank4j.agent.weave.Hook.Kind;

/**
 * All places in Deeplearning4j that lowrank4j is hooked into. The hooks are the public static methods of the classes in
 * {@code org.lowrank4j.hook}. A method is named with its full descriptor: overloads call each other, and a hook must run
 * once per call.
 */
final class TargetCatalog {

    /** The release of Deeplearning4j whose classes have all members below. */
    static final String VERSION = "1.0.0-M2.1";

    private static final String DL4J = "org/deeplearning4j/";
    private static final String MULTI_LAYER = DL4J + "nn/multilayer/MultiLayerNetwork";
    private static final String GRAPH = DL4J + "nn/graph/ComputationGraph";
    private static final String OPTIMIZER = DL4J + "optimize/solvers/BaseOptimizer";
    private static final String SGD = DL4J + "optimize/solvers/StochasticGradientDescent";
    private static final String UPDATERS = DL4J + "nn/updater/UpdaterCreator";
    private static final String UPDATER_BASE = DL4J + "nn/updater/BaseMultiLayerUpdater";
    private static final String MULTI_LAYER_UPDATER = DL4J + "nn/updater/MultiLayerUpdater";
    private static final String GRAPH_UPDATER = DL4J + "nn/updater/graph/ComputationGraphUpdater";
    private static final String LAYER = DL4J + "nn/layers/BaseLayer";
    private static final String LSTM = DL4J + "nn/layers/recurrent/LSTM";
    private static final String PEEPHOLE_LSTM = DL4J + "nn/layers/recurrent/GravesLSTM";
    private static final String BOTH_WAYS_LSTM = DL4J + "nn/layers/recurrent/GravesBidirectionalLSTM";
    private static final String SIMPLE_RNN = DL4J + "nn/layers/recurrent/SimpleRnn";
    private static final String RECURRENT = DL4J + "nn/api/layers/RecurrentLayer";
    private static final String VERTEX = DL4J + "nn/graph/vertex/GraphVertex";
    private static final String OUTPUT = DL4J + "nn/layers/BaseOutputLayer";
    private static final String CONVOLUTION = DL4J + "nn/layers/convolution/ConvolutionLayer";
    private static final String SEQUENCE = DL4J + "nn/layers/convolution/Convolution1DLayer";
    private static final String VOLUMES = DL4J + "nn/layers/convolution/Convolution3DLayer";
    private static final String TRANSPOSED_VOLUMES = DL4J + "nn/layers/convolution/Deconvolution3DLayer";
    private static final String TRANSPOSED = DL4J + "nn/layers/convolution/Deconvolution2DLayer";
    private static final String DEPTHWISE = DL4J + "nn/layers/convolution/DepthwiseConvolution2DLayer";
    private static final String SEPARABLE = DL4J + "nn/layers/convolution/SeparableConvolution2DLayer";
    private static final String EMBEDDING = DL4J + "nn/layers/feedforward/embedding/EmbeddingLayer";
    private static final String EMBEDDED_SERIES = DL4J + "nn/layers/feedforward/embedding/EmbeddingSequenceLayer";
    private static final String NORMALISATION = DL4J + "nn/layers/normalization/BatchNormalization";
    private static final String SERIALIZER = DL4J + "util/ModelSerializer";

    private static final String WRAPPER = DL4J + "parallelism/ParallelWrapper";
    private static final String TRAINER = DL4J + "parallelism/trainer/DefaultTrainer";

    private static final String SPARK = DL4J + "spark/";
    private static final String SPARK_LAYERS = "L" + SPARK + "impl/multilayer/SparkDl4jMultiLayer;";
    private static final String SPARK_GRAPH = "L" + SPARK + "impl/graph/SparkComputationGraph;";
    private static final String SPARK_MASTER = SPARK + "impl/paramavg/ParameterAveragingTrainingMaster";
    private static final String SPARK_SUM = SPARK + "impl/paramavg/aggregator/ParameterAveragingAggregationTuple";
    private static final String SPARK_WORKER = SPARK + "impl/paramavg/ParameterAveragingTrainingWorker";

    private static final String SAMEDIFF = "org/nd4j/autodiff/samediff/";
    private static final String A_GRAPH = SAMEDIFF + "SameDiff";
    private static final String GRAPH_SESSION = SAMEDIFF + "internal/TrainingSession";

    private static final String TRANSFER = DL4J + "nn/transferlearning/TransferLearning$Builder";

    private static final String ARRAY = "Lorg/nd4j/linalg/api/ndarray/INDArray;";
    private static final String PAIR = "Lorg/nd4j/common/primitives/Pair;";
    private static final String DATA_SETS = "Lorg/nd4j/linalg/dataset/api/iterator/DataSetIterator;";
    private static final String MULTI_DATA_SETS = "Lorg/nd4j/linalg/dataset/api/iterator/MultiDataSetIterator;";
    private static final String NORMALIZER = "Lorg/nd4j/linalg/dataset/api/preprocessor/DataNormalization;";
    private static final String MODEL = "L" + DL4J + "nn/api/Model;";
    private static final String AN_UPDATER = "L" + DL4J + "nn/api/Updater;";
    private static final String A_GRAPH_UPDATER = "L" + GRAPH_UPDATER + ";";
    private static final String WORKSPACES = "L" + DL4J + "nn/workspace/LayerWorkspaceMgr;";
    private static final String ACCUMULATOR = "L" + DL4J + "optimize/solvers/accumulation/GradientsAccumulator;";
    private static final String STREAM = "Ljava/io/InputStream;";

    private static final String OBJECTS = "(Ljava/io/ObjectInputStream;)V";

    private static final Value THIS = new Value.This();
    private static final Value ARG0 = new Value.Argument(0);
    private static final Value ARG1 = new Value.Argument(1);
    private static final Value ARG2 = new Value.Argument(2);
    private static final Value ARG3 = new Value.Argument(3);
    private static final Value RETURNED = new Value.Returned();
    private static final Value TRANSFERRED = new Value.Field(TRANSFER, "origModel", "L" + MULTI_LAYER + ";");
    private static final Value OPTIMIZED_MODEL = new Value.Field(OPTIMIZER, "model", MODEL);
    private static final Value OPTIMIZER_ACCUMULATOR = new Value.Field(OPTIMIZER, "accumulator", ACCUMULATOR);
    private static final Value UPDATED_MODEL = new Value.Field(UPDATER_BASE, "network", MODEL);
    private static final Value OPTIMIZER_LISTENERS =
            new Value.Field(OPTIMIZER, "trainingListeners", "Ljava/util/Collection;");

    private static final Value ARG4 = new Value.Argument(4);
    private static final Value ARG5 = new Value.Argument(5);
    private static final Value ARG6 = new Value.Argument(6);
    private static final Value ARG7 = new Value.Argument(7);
    private static final Value GRADIENTS_OF_GRAPH =
            new Value.Field(SAMEDIFF + "internal/AbstractSession", "sameDiff", "L" + A_GRAPH + ";");

    private static final Value WRAPPED_MODEL = new Value.Field(WRAPPER, "model", MODEL);
    private static final Value WORKERS = new Value.Field(WRAPPER, "workers", "I");
    private static final Value WRAPPER_ACCUMULATOR = new Value.Field(WRAPPER, "gradientsAccumulator", ACCUMULATOR);
    private static final Value AVERAGES_UPDATERS = new Value.Field(WRAPPER, "averageUpdaters", "Z");
    private static final Value TRAINED_MODEL = new Value.Field(TRAINER, "replicatedModel", MODEL);
    private static final Value ORIGINAL_MODEL = new Value.Field(TRAINER, "originalModel", MODEL);
    private static final Value WORKER = new Value.Field(TRAINER, "threadId", "I");

    // Not formatted: one row, one line.
    // spotless:off
    private static final List<Hook> SINGLE = List.of(
            // Networks come into being
            enter(MULTI_LAYER, "init", "(" + ARRAY + "Z)V", "NetworkHooks.initialises", THIS, ARG0, ARG1),
            enter(GRAPH, "init", "(" + ARRAY + "Z)V", "NetworkHooks.initialises", THIS, ARG0, ARG1),
            exit(MULTI_LAYER, "init", "(" + ARRAY + "Z)V", "NetworkHooks.initialised", THIS),
            exit(GRAPH, "init", "(" + ARRAY + "Z)V", "NetworkHooks.initialised", THIS),
            // Around before exit: what runs at the exit runs inside.
            around(
                    MULTI_LAYER,
                    "clone",
                    "()L" + MULTI_LAYER + ";",
                    "NetworkHooks.cloneBegins",
                    "NetworkHooks.cloneEnds"),
            around(GRAPH, "clone", "()L" + GRAPH + ";", "NetworkHooks.cloneBegins", "NetworkHooks.cloneEnds"),
            exit(MULTI_LAYER, "clone", "()L" + MULTI_LAYER + ";", "NetworkHooks.cloned", THIS, RETURNED),
            exit(GRAPH, "clone", "()L" + GRAPH + ";", "NetworkHooks.cloned", THIS, RETURNED),
            exit(TRANSFER, "build", "()L" + MULTI_LAYER + ";", "NetworkHooks.transferred", TRANSFERRED, RETURNED),
            around(MULTI_LAYER, "readObject", OBJECTS, "NetworkHooks.readBegins", "NetworkHooks.readEnds"),
            around(GRAPH, "readObject", OBJECTS, "NetworkHooks.readBegins", "NetworkHooks.readEnds"),
            // Updaters
            enter(UPDATERS, "getUpdater", "(" + MODEL + ")" + AN_UPDATER, "NetworkHooks.updater", ARG0),
            enter(MULTI_LAYER, "getUpdater", "(Z)" + AN_UPDATER, "NetworkHooks.updaterWanted", THIS, ARG0),
            enter(GRAPH, "getUpdater", "(Z)" + A_GRAPH_UPDATER, "NetworkHooks.graphUpdaterWanted", THIS, ARG0),
            enter(
                    OPTIMIZER,
                    "getComputationGraphUpdater",
                    "(Z)" + A_GRAPH_UPDATER,
                    "NetworkHooks.optimizerUpdaterWanted",
                    THIS,
                    OPTIMIZED_MODEL,
                    ARG0),
            // Training from an iterator
            enter(MULTI_LAYER, "fit", "(" + DATA_SETS + ")V", "FitHooks.fit", THIS, ARG0),
            enter(GRAPH, "fit", "(" + MULTI_DATA_SETS + ")V", "FitHooks.fitMulti", THIS, ARG0),
            around(MULTI_LAYER, "fitHelper", "(" + DATA_SETS + ")V", "FitHooks.begins", "FitHooks.ends"),
            around(GRAPH, "fit", "(" + MULTI_DATA_SETS + ")V", "FitHooks.begins", "FitHooks.ends"),
            // The training step
            enter(
                    SGD,
                    "optimize",
                    "(" + WORKSPACES + ")Z",
                    "StepHooks.optimize",
                    THIS,
                    ARG0,
                    OPTIMIZED_MODEL,
                    OPTIMIZER_ACCUMULATOR,
                    OPTIMIZER_LISTENERS),
            enter(MULTI_LAYER, "initGradientsView", "()V", "StepHooks.gradientsView", THIS),
            enter(GRAPH, "initGradientsView", "()V", "StepHooks.gradientsView", THIS),
            enter(MULTI_LAYER, "pretrainLayer", "(I" + ARRAY + ")V", "StepHooks.pretrains", THIS, ARG0),
            enter(
                    GRAPH,
                    "pretrainLayerHelper",
                    "(Ljava/lang/String;" + MULTI_DATA_SETS + "I)V",
                    "StepHooks.pretrains",
                    THIS,
                    ARG0),
            enter(MULTI_LAYER, "getFlattenedGradients", "()" + ARRAY, "StepHooks.gradients", THIS),
            enter(GRAPH, "getFlattenedGradients", "()" + ARRAY, "StepHooks.gradients", THIS),
            enter(MULTI_LAYER, "getGradientsViewArray", "()" + ARRAY, "StepHooks.gradients", THIS),
            enter(GRAPH, "getGradientsViewArray", "()" + ARRAY, "StepHooks.gradients", THIS),
            enter(
                    MULTI_LAYER,
                    "setBackpropGradientsViewArray",
                    "(" + ARRAY + ")V",
                    "StepHooks.gradientsReplaced",
                    THIS),
            enter(GRAPH, "setBackpropGradientsViewArray", "(" + ARRAY + ")V", "StepHooks.gradientsReplaced", THIS),
            enter(
                    MULTI_LAYER_UPDATER,
                    "getFlattenedGradientsView",
                    "()" + ARRAY,
                    "StepHooks.gradientsOfUpdater",
                    UPDATED_MODEL),
            enter(
                    GRAPH_UPDATER,
                    "getFlattenedGradientsView",
                    "()" + ARRAY,
                    "StepHooks.gradientsOfUpdater",
                    UPDATED_MODEL),
            around(
                    MULTI_LAYER,
                    "calcBackpropGradients",
                    "(" + ARRAY + "ZZZ)" + PAIR,
                    "StepHooks.backwardBegins",
                    "StepHooks.backwardEnds"),
            around(
                    GRAPH,
                    "calcBackpropGradients",
                    "(ZZ[" + ARRAY + ")V",
                    "StepHooks.backwardBegins",
                    "StepHooks.backwardEnds"),
            // Passes of one layer
            enter(LAYER, "activate", "(Z" + WORKSPACES + ")" + ARRAY, "LayerHooks.activate", THIS, ARG0, ARG1),
            enter(
                    LAYER,
                    "backpropGradient",
                    "(" + ARRAY + WORKSPACES + ")" + PAIR,
                    "LayerHooks.backward",
                    THIS,
                    ARG0,
                    ARG1),
            enter(
                    OUTPUT,
                    "getGradientsAndDelta",
                    "(" + ARRAY + WORKSPACES + ")" + PAIR,
                    "LayerHooks.outputGradients",
                    THIS,
                    ARG0,
                    ARG1),
            enter(OUTPUT, "computeScore", "(DZ" + WORKSPACES + ")D", "LayerHooks.outputScore", THIS, ARG0, ARG1, ARG2),
            // Parameters are read or replaced
            enter(MULTI_LAYER, "params", "()" + ARRAY, "ReadHooks.network", THIS),
            enter(MULTI_LAYER, "setParams", "(" + ARRAY + ")V", "ReadHooks.replaced", THIS, ARG0),
            enter(GRAPH, "params", "()" + ARRAY, "ReadHooks.network", THIS),
            enter(GRAPH, "setParams", "(" + ARRAY + ")V", "ReadHooks.replaced", THIS, ARG0),
            enter(MULTI_LAYER, "close", "()V", "ReadHooks.closes", THIS),
            enter(GRAPH, "close", "()V", "ReadHooks.closes", THIS),
            enter(LAYER, "params", "()" + ARRAY, "ReadHooks.layer", THIS),
            enter(LAYER, "clone", "()L" + DL4J + "nn/api/Layer;", "ReadHooks.layer", THIS),
            enter(
                    LAYER,
                    "getParamWithNoise",
                    "(Ljava/lang/String;Z" + WORKSPACES + ")" + ARRAY,
                    "ReadHooks.used",
                    THIS,
                    ARG0),
            enter(LAYER, "setBackpropGradientsViewArray", "(" + ARRAY + ")V", "ReadHooks.gradientsReplaced", THIS),
            enter(LAYER, "paramTable", "(Z)Ljava/util/Map;", "ReadHooks.layer", THIS),
            enter(LAYER, "getParam", "(Ljava/lang/String;)" + ARRAY, "ReadHooks.parameter", THIS, ARG0),
            enter(LAYER, "setParam", "(Ljava/lang/String;" + ARRAY + ")V", "ReadHooks.parameter", THIS, ARG0),
            // Model zips
            enter(
                    SERIALIZER,
                    "writeModel",
                    "(" + MODEL + "Ljava/io/File;Z" + NORMALIZER + ")V",
                    "ZipHooks.writeFile",
                    ARG0,
                    ARG1,
                    ARG2,
                    ARG3),
            enter(
                    SERIALIZER,
                    "writeModel",
                    "(" + MODEL + "Ljava/lang/String;Z)V",
                    "ZipHooks.writePath",
                    ARG0,
                    ARG1,
                    ARG2),
            enter(
                    SERIALIZER,
                    "writeModel",
                    "(" + MODEL + "Ljava/io/OutputStream;Z" + NORMALIZER + ")V",
                    "ZipHooks.writeStream",
                    ARG0,
                    ARG1,
                    ARG2,
                    ARG3),
            exit(
                    SERIALIZER,
                    "restoreMultiLayerNetworkHelper",
                    "(" + STREAM + "Z)" + PAIR,
                    "ZipHooks.restored",
                    RETURNED),
            exit(
                    SERIALIZER,
                    "restoreComputationGraphHelper",
                    "(" + STREAM + "Z)" + PAIR,
                    "ZipHooks.restored",
                    RETURNED));

    /** For layers of any kind, whatever class they are of; the owner is where the method is declared. */
    private static final List<Hook> LAYER_HOOKS = List.of(
            around(
                    LAYER,
                    "backpropGradient",
                    "(" + ARRAY + WORKSPACES + ")" + PAIR,
                    "LayerHooks.backwardBegins",
                    "LayerHooks.backwardEnds"),
            around(
                    RECURRENT,
                    "tbpttBackpropGradient",
                    "(" + ARRAY + "I" + WORKSPACES + ")" + PAIR,
                    "LayerHooks.backwardBegins",
                    "LayerHooks.backwardEnds"),
            around(
                    VERTEX,
                    "doBackward",
                    "(Z" + WORKSPACES + ")" + PAIR,
                    "LayerHooks.backwardBegins",
                    "LayerHooks.backwardEnds"),
            enter(LAYER, "calcRegularizationScore", "(Z)D", "LayerHooks.regularizationScore", THIS, ARG0));
    // spotless:on

    /** Training on replicas, which few programs have the module for. */
    private static final List<Hook> PARALLEL = parallel();

    /** Training on Spark where it averages parameters, which few programs have the module for. */
    private static final List<Hook> ON_SPARK = onSpark();

    /** SameDiff graphs, which few programs train. */
    private static final List<Hook> ON_GRAPHS = onGraphs();

    /** The layers whose passes lowrank4j may run, but dense and output ones: each class has its own. */
    private static final List<String> KINDS = List.of(
            CONVOLUTION,
            SEQUENCE,
            VOLUMES,
            TRANSPOSED,
            TRANSPOSED_VOLUMES,
            DEPTHWISE,
            SEPARABLE,
            EMBEDDING,
            EMBEDDED_SERIES,
            NORMALISATION,
            LSTM,
            PEEPHOLE_LSTM,
            BOTH_WAYS_LSTM,
            SIMPLE_RNN);

    private static final Set<String> RECURRENT_KINDS = Set.of(LSTM, PEEPHOLE_LSTM, BOTH_WAYS_LSTM, SIMPLE_RNN);

    private static final List<Hook> HOOKS = withKinds(Stream.of(SINGLE, PARALLEL, ON_SPARK, ON_GRAPHS)
            .flatMap(List::stream)
            .toList());

    private TargetCatalog() {}

    private static List<Hook> parallel() {
        List<Hook> all = new ArrayList<>();
        for (String iterator : List.of(DATA_SETS, MULTI_DATA_SETS)) {
            String descriptor = "(" + iterator + ")V";
            // Enter before around: a fit that another stands for has no begin and no end.
            all.add(enter(WRAPPER, "fit", descriptor, "ParallelHooks.fit", THIS, WRAPPED_MODEL, ARG0));
            all.add(around(
                    WRAPPER,
                    "fit",
                    descriptor,
                    "ParallelHooks.begins",
                    "ParallelHooks.ends",
                    THIS,
                    WRAPPED_MODEL,
                    WORKERS,
                    WRAPPER_ACCUMULATOR,
                    AVERAGES_UPDATERS));
        }
        all.add(enter(
                WRAPPER,
                "getScore",
                "(Ljava/util/concurrent/atomic/AtomicInteger;)D",
                "ParallelHooks.average",
                THIS,
                WRAPPED_MODEL,
                ARG0,
                AVERAGES_UPDATERS));
        all.add(around(
                TRAINER,
                "run",
                "()V",
                "ParallelHooks.workerBegins",
                "ParallelHooks.workerEnds",
                THIS,
                ORIGINAL_MODEL,
                WORKER));
        all.add(enter(TRAINER, "postInit", "()V", "ParallelHooks.replicated", TRAINED_MODEL));
        for (String data : List.of("DataSet", "MultiDataSet")) {
            String descriptor = "(Lorg/nd4j/linalg/dataset/api/" + data + ";)V";
            all.add(around(TRAINER, "fit", descriptor, "ParallelHooks.roundBegins", "ParallelHooks.roundEnds"));
        }
        return List.copyOf(all);
    }

    private static List<Hook> onSpark() {
        String data = "Lorg/apache/spark/api/java/JavaRDD;";
        String loaders = "L" + DL4J + "core/loader/DataSetLoader;L" + DL4J + "core/loader/MultiDataSetLoader;";
        String result = "L" + SPARK + "impl/paramavg/ParameterAveragingTrainingResult;";
        List<Hook> all = new ArrayList<>();
        all.add(fitOnSpark("executeTraining", "(" + SPARK_LAYERS + data + ")V", ARG0, ARG1));
        all.add(fitOnSpark("executeTraining", "(" + SPARK_GRAPH + data + ")V", ARG0, ARG1));
        all.add(fitOnSpark("executeTrainingMDS", "(" + SPARK_GRAPH + data + ")V", ARG0, ARG1));
        all.add(fitOnSpark(
                "executeTrainingPaths", "(" + SPARK_LAYERS + SPARK_GRAPH + data + loaders + ")V", ARG1, ARG2));
        for (String network : List.of(SPARK_LAYERS, SPARK_GRAPH)) {
            String descriptor = "(" + network + ")L" + SPARK_WORKER + ";";
            all.add(enter(SPARK_MASTER, "getWorkerInstance", descriptor, "SparkHooks.worker", THIS, ARG0));
        }
        all.add(enter(SPARK_WORKER, "getFinalResultNoData", "()" + result, "SparkHooks.nothing", THIS));
        all.add(enter(
                SPARK_SUM,
                "getAggregationsCount",
                "()I",
                "SparkHooks.summedUp",
                new Value.Field(SPARK_SUM, "aggregationsCount", "I")));
        for (String network : List.of(MULTI_LAYER, GRAPH)) {
            String method = network.equals(GRAPH) ? "getInitialModelGraph" : "getInitialModel";
            all.add(enter(SPARK_WORKER, method, "()L" + network + ";", "SparkHooks.network", THIS));
            all.add(around(
                    SPARK_WORKER,
                    "getFinalResult",
                    "(L" + network + ";)" + result,
                    "SparkHooks.resultBegins",
                    "SparkHooks.resultEnds",
                    ARG0));
        }
        return List.copyOf(all);
    }

    private static Hook fitOnSpark(String method, String descriptor, Value second, Value data) {
        return around(
                SPARK_MASTER,
                method,
                descriptor,
                "SparkHooks.fitBegins",
                "SparkHooks.fitEnds",
                THIS,
                ARG0,
                second,
                data);
    }

    private static List<Hook> onGraphs() {
        String listeners = "Lorg/nd4j/autodiff/listeners/";
        String batch = "Lorg/nd4j/linalg/dataset/api/MultiDataSet;";
        return List.of(
                exit(A_GRAPH, "create", "()L" + A_GRAPH + ";", "GraphHooks.made", RETURNED),
                around(
                        A_GRAPH,
                        "fitHelper",
                        "(" + MULTI_DATA_SETS + "IZ" + MULTI_DATA_SETS + "ILjava/util/List;)" + listeners
                                + "records/History;",
                        "GraphHooks.fitBegins",
                        "GraphHooks.fitEnds",
                        THIS,
                        ARG0),
                enter(A_GRAPH, "initializeTraining", "()V", "GraphHooks.initialises", THIS),
                enter(
                        GRAPH_SESSION,
                        "trainingIteration",
                        "(L" + SAMEDIFF + "TrainingConfig;Ljava/util/Map;Ljava/util/Set;Ljava/util/Map;" + batch
                                + "Ljava/util/List;Ljava/util/List;" + listeners + "At;)" + listeners + "Loss;",
                        "GraphHooks.iteration",
                        THIS,
                        GRADIENTS_OF_GRAPH,
                        ARG0,
                        ARG1,
                        ARG4,
                        ARG5,
                        ARG6,
                        ARG7));
    }

    /** With the passes of single kinds of layers. */
    private static List<Hook> withKinds(List<Hook> others) {
        String activate = "Z" + WORKSPACES + ")" + ARRAY;
        String gradient = WORKSPACES + ")" + PAIR;
        List<Hook> all = new ArrayList<>(others);
        for (String owner : KINDS) {
            // Convolutions over series and volumes activate as ConvolutionLayer does.
            if (!owner.equals(SEQUENCE) && !owner.equals(VOLUMES)) {
                all.add(enter(owner, "activate", "(" + activate, "LayerHooks.activate", THIS, ARG0, ARG1));
            }
            all.add(enter(owner, "backpropGradient", "(" + ARRAY + gradient, "LayerHooks.backward", THIS, ARG0, ARG1));
            boolean recurrent = RECURRENT_KINDS.contains(owner);
            if (recurrent && !owner.equals(SIMPLE_RNN)) {
                String descriptor = "(" + ARRAY + activate;
                all.add(enter(owner, "activate", descriptor, "LayerHooks.activateInput", THIS, ARG0, ARG1, ARG2));
            }
            if (recurrent && !owner.equals(BOTH_WAYS_LSTM)) {
                all.add(enter(
                        owner,
                        "rnnActivateUsingStoredState",
                        "(" + ARRAY + "Z" + activate,
                        "LayerHooks.activateFromState",
                        THIS,
                        ARG0,
                        ARG1,
                        ARG2,
                        ARG3));
                all.add(enter(
                        owner,
                        "tbpttBackpropGradient",
                        "(" + ARRAY + "I" + gradient,
                        "LayerHooks.truncatedBackward",
                        THIS,
                        ARG0,
                        ARG1,
                        ARG2));
            }
        }
        return List.copyOf(all);
    }

    /** Those of single classes. */
    static List<Hook> hooks() {
        return HOOKS;
    }

    /** Those that every network needs: without those of classes that few programs load. */
    static List<Hook> commonHooks() {
        return HOOKS.stream().filter(hook -> !isSeldom(hook.owner())).toList();
    }

    /** Whether a class is ND4J's, of SameDiff graphs, and may be there without Deeplearning4j. */
    static boolean isGraph(String owner) {
        return owner.startsWith(SAMEDIFF);
    }

    /** Whether few programs load a class: that of one kind of layer, of graphs, of ParallelWrapper or Spark; internal name. */
    static boolean isSeldom(String owner) {
        return KINDS.contains(owner)
                || owner.equals(WRAPPER)
                || owner.equals(TRAINER)
                || owner.startsWith(SPARK)
                || isGraph(owner);
    }

    /** Those of every layer. */
    static List<Hook> layerHooks() {
        return LAYER_HOOKS;
    }

    /** The hooks of one class of Deeplearning4j; internal name. */
    static List<Hook> hooksOf(String owner) {
        return Stream.concat(HOOKS.stream().filter(hook -> hook.owner().equals(owner)), LAYER_HOOKS.stream())
                .toList();
    }

    /** Internal names of all classes with hooks of their own. */
    static Set<String> owners() {
        return HOOKS.stream().map(Hook::owner).collect(Collectors.toUnmodifiableSet());
    }

    private static Hook enter(String owner, String method, String descriptor, String hook, Value... values) {
        return new Hook(Kind.ENTER, owner, method, descriptor, List.of(hook), Arrays.asList(values));
    }

    private static Hook exit(String owner, String method, String descriptor, String hook, Value... values) {
        return new Hook(Kind.EXIT, owner, method, descriptor, List.of(hook), Arrays.asList(values));
    }

    /** @param values what the hook at the begin gets; by default the object, as the hook at the end always does */
    private static Hook around(
            String owner, String method, String descriptor, String begins, String ends, Value... values) {
        List<Value> first = values.length == 0 ? List.of(THIS) : Arrays.asList(values);
        return new Hook(Kind.AROUND, owner, method, descriptor, List.of(begins, ends), first);
    }
}
