package org.lowrank4j.tests.bench;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.optimize.solvers.BaseOptimizer;
import org.deeplearning4j.optimize.solvers.StochasticGradientDescent;
import org.deeplearning4j.optimize.stepfunctions.NegativeGradientStepFunction;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * The cheapest method of DL4J that carries a hook: in stock it returns a field. What the hook adds is the difference
 * between JVMs with and without the agent, with no rule in either.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class IdleHook {

    /** Asks for creation, which the hook answers only after it has looked whether any rule applies. */
    public boolean create = true;

    private BaseOptimizer optimizer;

    /** An initialised network with its updater made, as in a program at work. */
    @Setup
    public void initialise() {
        ComputationGraph network = BenchmarkNetworks.graph(new Workload("cg", 8, 8, 1, 1, "adam", "dataset"), false);
        NeuralNetConfiguration settings = network.getLayer(0).conf();
        optimizer = new StochasticGradientDescent(settings, new NegativeGradientStepFunction(), List.of(), network);
        optimizer.getComputationGraphUpdater(create);
    }

    /** The woven method. */
    @Benchmark
    public Object wovenMethod() {
        return optimizer.getComputationGraphUpdater(create);
    }
}
