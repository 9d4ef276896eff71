package org.lowrank4j.rule;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What planning needs to know of a network, free of DL4J types.
 *
 * @param kind {@code MultiLayerNetwork} or {@code ComputationGraph}
 * @param layers in parameter order, including layers without parameters
 * @param random names of the layers whose parameters are still those that the network drew when it was initialised
 */
public record NetworkShape(String kind, List<LayerShape> layers, Set<String> random) {

    /** A network of which it is not known that any layer is random. */
    public NetworkShape(String kind, List<LayerShape> layers) {
        this(kind, layers, Set.of());
    }

    /** The same network with other layers known to be random. */
    public NetworkShape withRandom(Set<String> names) {
        return new NetworkShape(kind, layers, Set.copyOf(names));
    }

    /**
     * One layer.
     *
     * @param index position among the layers, from 0
     * @param name as configured, else DL4J's default name ({@code layer0}, {@code layer1}, ... or the vertex name)
     * @param type simple name of the configuration class, for example {@code DenseLayer}, with what it wraps in brackets:
     *     {@code LastTimeStep(LSTM)}
     * @param inputs nIn of the weight "W", 0 if the layer has no such matrix
     * @param outputs nOut of the weight "W", 0 if the layer has no such matrix
     * @param parameters parameter name to number of entries, in DL4J's order; empty for a layer without parameters
     * @param output whether it is an output layer (an IOutputLayer)
     * @param refusal why the layer cannot be a target, as the end of a sentence; empty if it can
     * @param frozen whether the program itself froze it (FrozenLayer), or it lies below such a layer
     * @param vectors names of the parameters that are vectors (biases, gains), in DL4J's order; running statistics are none
     * @param vectorRefusal why the vectors cannot train beside matrices that do not, as the end of a sentence; empty if they
     *     can
     */
    public record LayerShape(
            int index,
            String name,
            String type,
            long inputs,
            long outputs,
            Map<String, Long> parameters,
            boolean output,
            String refusal,
            boolean frozen,
            List<String> vectors,
            String vectorRefusal) {

        /** Number of all entries of all parameters. */
        public long parameterCount() {
            return parameters.values().stream().mapToLong(Long::longValue).sum();
        }
    }

    /** Number of all parameters of the network. */
    public long parameterCount() {
        return layers.stream().mapToLong(LayerShape::parameterCount).sum();
    }
}
