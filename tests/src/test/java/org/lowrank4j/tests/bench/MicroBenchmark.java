package org.lowrank4j.tests.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs a class of JMH benchmarks in a fork. */
final class MicroBenchmark {

    private static final int ITERATIONS = 5;

    private MicroBenchmark() {}

    /**
     * Nanoseconds of each method whose name is matched, from its fastest iteration: the one that nobody disturbed.
     *
     * @param methods a regular expression
     * @param jvmOptions of the fork
     * @param parameters values of the class's parameters
     */
    static Map<String, Double> nanoseconds(
            Class<?> type,
            String methods,
            List<String> jvmOptions,
            Map<String, String> parameters,
            double iterationSeconds)
            throws IOException {
        List<String> jvm = new ArrayList<>(List.of("-Xmx512m", "-XX:+UseSerialGC", Child.QUIET));
        jvm.addAll(jvmOptions);
        TimeValue iteration = TimeValue.milliseconds((long) (1000 * iterationSeconds));
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include(type.getName() + "\\." + methods + "$")
                .forks(1)
                .warmupIterations(3)
                .warmupTime(iteration)
                .measurementIterations(ITERATIONS)
                .measurementTime(iteration)
                .shouldFailOnError(true)
                .verbosity(VerboseMode.SILENT)
                .jvmArgs(jvm.toArray(String[]::new));
        parameters.forEach(options::param);
        try {
            Collection<RunResult> results = new Runner(options.build()).run();
            Map<String, Double> times = new TreeMap<>();
            for (RunResult result : results) {
                Result<?> primary = result.getPrimaryResult();
                times.put(primary.getLabel(), primary.getStatistics().getMin());
            }
            return times;
        } catch (RunnerException failed) {
            throw new IOException("The benchmark " + type.getSimpleName() + "." + methods + " failed.", failed);
        }
    }
}
