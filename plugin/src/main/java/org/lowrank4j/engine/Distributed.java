package org.lowrank4j.engine;

import java.util.Optional;
import java.util.Set;

/** Recognises Deeplearning4j's training and inference on replicas by the calling thread's stack. */
final class Distributed {

    private static final String PARALLEL = "org.deeplearning4j.parallelism.";
    private static final String SPARK = "org.deeplearning4j.spark.";

    /** Its hooks bring adapters in, as those of ParallelWrapper do. */
    private static final String AVERAGING = SPARK + "impl.paramavg.ParameterAveragingTraining";

    /** It clones, saves and restores the network between fits, as early stopping without Spark does. */
    private static final String EARLY_STOPPING = SPARK + "earlystopping.";

    /** They make the program's network, where it gives them a configuration only. */
    private static final Set<String> MASTERS =
            Set.of(SPARK + "impl.multilayer.SparkDl4jMultiLayer", SPARK + "impl.graph.SparkComputationGraph");

    private Distributed() {}

    /** Whether the network at hand is one of Spark's or of ParallelWrapper's. */
    static boolean onStack() {
        return nearest().isPresent();
    }

    /** Whether a network that is being initialised is a copy for a worker, and none of the program's own. */
    static boolean makesReplica() {
        return nearest().filter(name -> !MASTERS.contains(name)).isPresent();
    }

    /** Whether somebody has the network at hand who trains it without hooks: Spark that shares gradients, for one. */
    static boolean takesNetwork() {
        return nearest()
                .filter(name ->
                        name.startsWith(SPARK) && !name.startsWith(AVERAGING) || RulesInForce.weavingProblem() != null)
                .isPresent();
    }

    private static Optional<String> nearest() {
        return StackWalker.getInstance()
                .walk(frames -> frames.map(StackWalker.StackFrame::getClassName)
                        .filter(name ->
                                name.startsWith(PARALLEL) || name.startsWith(SPARK) && !name.startsWith(EARLY_STOPPING))
                        .findFirst());
    }
}
