package org.lowrank4j.engine;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.params.DefaultParamInitializer;

/**
 * A layer as a constraint should see it when only its bias is trained: constraints edit every parameter that they are
 * set for in place, and a frozen W must not move.
 */
final class BiasOnly {

    private BiasOnly() {}

    static Layer of(Layer layer) {
        return (Layer) Proxy.newProxyInstance(
                Layer.class.getClassLoader(), new Class<?>[] {Layer.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("paramTable")) {
                        String bias = DefaultParamInitializer.BIAS_KEY;
                        return Map.of(bias, layer.getParam(bias));
                    }
                    try {
                        return method.invoke(layer, arguments);
                    } catch (InvocationTargetException failed) {
                        throw failed.getCause();
                    }
                });
    }
}
