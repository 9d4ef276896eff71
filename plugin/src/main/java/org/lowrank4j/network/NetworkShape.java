package org.lowrank4j.network;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.kind.DefaultTarget;

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

    /** The same network where a layer is adapted by default only if it would be even in a random network. */
    public NetworkShape withFewestDefaults() {
        return new NetworkShape(
                kind,
                layers.stream()
                        .map(layer ->
                                layer.byDefault() == DefaultTarget.ALWAYS ? layer : layer.with(DefaultTarget.NEVER))
                        .toList(),
                random);
    }

    /** The layer of a name. */
    public LayerShape layer(String name) {
        return layers.stream()
                .filter(layer -> layer.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no layer " + name));
    }

    /**
     * One layer.
     *
     * @param index position among the layers, from 0
     * @param name as configured, else DL4J's default name ({@code layer0}, {@code layer1}, ... or the vertex name)
     * @param type simple name of the configuration class, for example {@code LSTM}, with what it wraps in brackets:
     *     {@code LastTimeStep(LSTM)}
     * @param matrices what of it a low-rank method could adapt, in DL4J's order; empty if nothing
     * @param parameters parameter name to number of entries, in DL4J's order; empty for a layer without parameters
     * @param output whether it has a loss
     * @param byDefault what a rule that names no layers makes of it
     * @param frozen whether the program itself froze it (FrozenLayer), or it lies below such a layer
     * @param vectors names of the parameters that are vectors (biases, gains), in DL4J's order; running statistics are none
     * @param statistics names of the parameters that DL4J keeps of what passes the layer, and no gradient trains
     * @param refusal why no matrix of it can be adapted, as a clause; null if one can
     * @param vectorRefusal why the vectors cannot train beside matrices that do not, as the end of a sentence; null if they
     *     can
     */
    public record LayerShape(
            int index,
            String name,
            String type,
            List<MatrixShape> matrices,
            Map<String, Long> parameters,
            boolean output,
            DefaultTarget byDefault,
            boolean frozen,
            List<String> vectors,
            List<String> statistics,
            @Nullable String refusal,
            @Nullable String vectorRefusal) {

        /** Number of all entries of all parameters. */
        public long parameterCount() {
            long count = 0;
            for (long entries : parameters.values()) {
                count += entries;
            }
            return count;
        }

        /** The same layer at another index, or found to be frozen. */
        public LayerShape with(int newIndex, boolean nowFrozen) {
            return with(newIndex, byDefault, nowFrozen);
        }

        /** The same layer, of which a rule that names no layers makes something else. */
        public LayerShape with(DefaultTarget newDefault) {
            return with(index, newDefault, frozen);
        }

        private LayerShape with(int newIndex, DefaultTarget newDefault, boolean nowFrozen) {
            return new LayerShape(
                    newIndex,
                    name,
                    type,
                    matrices,
                    parameters,
                    output,
                    newDefault,
                    nowFrozen,
                    vectors,
                    statistics,
                    refusal,
                    vectorRefusal);
        }

        /** By its name: that of a record would be made of all matrices and parameters each time. */
        @Override
        public int hashCode() {
            return name.hashCode();
        }
    }

    /**
     * One matrix M of a layer's parameters.
     *
     * @param layer the layer's name
     * @param parameter DL4J's name of the parameter that it lies in, for example {@code W} or {@code RW}
     * @param inputs nIn, its rows
     * @param outputs nOut, its columns
     * @param showsInputs whether what it multiplies can be looked at
     * @param defaultStart the initialisation with which LoRA's factors start on it, null for LoRA's own
     * @param constraints the classes of the constraints on it, by their simple names
     */
    public record MatrixShape(
            String layer,
            String parameter,
            long inputs,
            long outputs,
            boolean showsInputs,
            @Nullable String defaultStart,
            List<String> constraints) {

        /** The parameter that a key leaves out. */
        public static final String WEIGHT = "W";

        /** What identifies a target in plans, files and reports: LAYER for a layer's W, else LAYER/PARAMETER. */
        public String key() {
            return key(layer, parameter);
        }

        /** The key of a layer's parameter. */
        public static String key(String layer, String parameter) {
            return parameter.equals(WEIGHT) ? layer : layer + "/" + parameter;
        }

        /** The smaller side, which no rank exceeds. */
        public long largestRank() {
            return Math.min(inputs, outputs);
        }

        /** Its sides, as {@code 784x256}. */
        public String sides() {
            return inputs + "x" + outputs;
        }

        /** By its names, which are enough. */
        @Override
        public int hashCode() {
            return 31 * layer.hashCode() + parameter.hashCode();
        }
    }

    /** By its layers' names, as {@link LayerShape#hashCode}. */
    @Override
    public int hashCode() {
        return layers.hashCode();
    }

    /** Number of all parameters of the network. */
    public long parameterCount() {
        return layers.stream().mapToLong(LayerShape::parameterCount).sum();
    }
}
