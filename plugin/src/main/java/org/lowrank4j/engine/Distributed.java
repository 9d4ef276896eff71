package org.lowrank4j.engine;

import java.util.Optional;
import java.util.Set;

/** Recognises training that runs on replicas of a network, which share full parameter and gradient vectors. */
final class Distributed {

    private static final String PARALLEL = "org.deeplearning4j.parallelism.";
    private static final String SPARK = "org.deeplearning4j.spark.";

    /** ParallelWrapper's workers: they look at a network that the wrapper was given before. */
    private static final String WORKERS = PARALLEL + "trainer.";

    /** They make the program's network, where it gives them a configuration only. */
    private static final Set<String> MASTERS =
            Set.of(SPARK + "impl.multilayer.SparkDl4jMultiLayer", SPARK + "impl.graph.SparkComputationGraph");

    private Distributed() {}

    /** Whether ParallelWrapper, parallel inference or Spark training of DL4J is on the calling thread's stack. */
    static boolean onStack() {
        return nearest().isPresent();
    }

    /** Whether a network that is being initialised is a copy for a worker, and none of the program's own. */
    static boolean makesReplica() {
        return nearest().filter(name -> !MASTERS.contains(name)).isPresent();
    }

    /** Whether a network whose updater is asked for is being given to ParallelWrapper or Spark. */
    static boolean takesNetwork() {
        return nearest().filter(name -> !name.startsWith(WORKERS)).isPresent();
    }

    private static Optional<String> nearest() {
        return StackWalker.getInstance()
                .walk(frames -> frames.map(StackWalker.StackFrame::getClassName)
                        .filter(name -> name.startsWith(PARALLEL) || name.startsWith(SPARK))
                        .findFirst());
    }
}
