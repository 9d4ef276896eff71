package org.deeplearning4j.spark.parameterserver.training;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.api.TrainingMaster;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Asks a driver's network for what SharedTrainingMaster, which is in this package, asks it for, and moves all parameters.
 * That one needs a module of its own, with a transport over UDP.
 */
public final class SharingDriver implements InvocationHandler {

    private SharingDriver() {}

    /** A master for both kinds of networks. */
    public static TrainingMaster<?, ?> master() {
        return (TrainingMaster<?, ?>) Proxy.newProxyInstance(
                SharingDriver.class.getClassLoader(), new Class<?>[] {TrainingMaster.class}, new SharingDriver());
    }

    @Override
    public @Nullable Object invoke(Object proxy, Method method, Object[] arguments) {
        if (method.getName().equals("executeTraining")) {
            if (arguments[0] instanceof SparkDl4jMultiLayer layers) {
                train(layers.getNetwork());
            } else {
                train(((SparkComputationGraph) arguments[0]).getNetwork());
            }
        }
        return method.getReturnType() == boolean.class ? Boolean.FALSE : null;
    }

    private static void train(MultiLayerNetwork network) {
        INDArray state = network.getUpdater().getStateViewArray();
        network.setParameters(network.params().mul(0.9));
        network.getUpdater().setStateViewArray(network, state.add(1), false);
    }

    private static void train(ComputationGraph network) {
        INDArray state = network.getUpdater().getStateViewArray();
        network.setParams(network.params().mul(0.9));
        network.getUpdater().setStateViewArray(state.add(1));
    }
}
