package org.lowrank4j.compression;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.Services;
import org.lowrank4j.factorisation.Factorisation;
import org.lowrank4j.factorisation.Factorisation.Need;
import org.lowrank4j.factorisation.OutputMoments;
import org.lowrank4j.factorisation.WholeLayer;
import org.lowrank4j.kind.LayerKinds;
import org.lowrank4j.kind.TwoLayers;
import org.lowrank4j.method.NearestName;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.RefusedOption;
import org.lowrank4j.network.LayerRef;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A trained network that is to become smaller: what a {@link Factorisation} makes of its layers, the ranks that fit a budget,
 * and the stock Deeplearning4j model with two layers in the place of one, as {@link FactoredModel} says. The network itself
 * is not changed, and the agent is not needed.
 *
 * <pre>{@code
 * Compression compression = Compression.of(network, Compression.method("afm"), Map.of(), Calibration.of(iterator, 32));
 * Model small = compression.model(compression.ranksWithin(0.5));
 * }</pre>
 */
public final class Compression {

    private static final String BIAS = "b";

    /** Enough to tell a hundredth of a percent of the parameters apart. */
    private static final int HALVINGS = 12;

    private final Model network;
    private final Map<String, Place> places;
    private final Map<String, RankedLayer> layers;
    private final Map<String, String> whole;

    /** A layer that can be two, and as what. */
    private record Place(Layer layer, TwoLayers form) {}

    private Compression(
            Model network, Map<String, Place> places, Map<String, RankedLayer> layers, Map<String, String> whole) {
        this.network = network;
        this.places = places;
        this.layers = Collections.unmodifiableMap(layers);
        this.whole = Collections.unmodifiableMap(whole);
    }

    /** All factorisations that there are, lowrank4j's and the user's, by name. */
    public static Map<String, Factorisation> methods() {
        return Services.of(Factorisation.class, Thread.currentThread().getContextClassLoader()).stream()
                .collect(Collectors.toMap(Factorisation::name, method -> method, (own, users) -> own, TreeMap::new));
    }

    /**
     * The factorisation of that name.
     *
     * @throws LowRankException if there is none, with the known names and the nearest
     */
    public static Factorisation method(String name) {
        Map<String, Factorisation> known = methods();
        Factorisation method = known.get(name);
        if (method == null) {
            throw new LowRankException("unknown factorisation '" + name + "'. Known: "
                    + String.join(", ", known.keySet()) + "." + NearestName.suggestion(name, known.keySet()));
        }
        return method;
    }

    /**
     * The factorisation of that name, which has such options.
     *
     * @param options keyed {@code method.option}
     * @throws LowRankException as {@link #method(String)}, and if it has no such option
     */
    public static Factorisation method(String name, Map<String, String> options) {
        Factorisation method = method(name);
        values(method, options);
        return method;
    }

    /**
     * Decomposes all layers that can be two.
     *
     * @param network a MultiLayerNetwork or ComputationGraph, initialised
     * @param options of the method, keyed {@code method.option}
     * @param data that the method learns from; null where there are none. Its minibatches pass through the network once
     * @throws LowRankException if an option is unknown or refused, the method needs data or labels that are not there, or
     *     something is not finite
     */
    public static Compression of(
            Model network, Factorisation method, Map<String, String> options, @Nullable Calibration data) {
        OptionValues values = values(method, options);
        Map<String, Place> places = new LinkedHashMap<>();
        Map<String, String> whole = new LinkedHashMap<>();
        Need need = method.need(values);
        for (LayerRef ref : LayerRef.all(network)) {
            Layer layer = ref.layer();
            TwoLayers form = layer == null ? null : LayerKinds.twoLayers(layer);
            if (layer == null || form == null) {
                whole.put(ref.name(), "cannot be two stock layers");
            } else if (need == Need.OUTPUTS && !form.addsBiasToProduct()) {
                whole.put(ref.name(), "normalises its outputs before it adds its bias");
            } else {
                places.put(ref.name(), new Place(layer, method.spatial() ? form.spatial() : form));
            }
        }
        Map<String, OutputMoments> moments = need == Need.OUTPUTS
                ? LayerOutputs.moments(network, places.keySet(), required(method, need, data))
                : Map.of();
        Map<String, INDArray> squares = need == Need.GRADIENTS
                ? ExampleGradients.squares(network, places.keySet(), required(method, need, data))
                : Map.of();
        Map<String, RankedLayer> layers = new LinkedHashMap<>();
        places.forEach((name, place) ->
                layers.put(name, ranked(name, whole(place, moments.get(name), squares.get(name)), method, values)));
        return new Compression(network, places, layers, whole);
    }

    private static RankedLayer ranked(String name, WholeLayer whole, Factorisation method, OptionValues values) {
        try {
            return new RankedLayer(name, whole, method, method.factors(whole, values), method.ownRank(whole, values));
        } catch (RefusedOption ofAllLayers) {
            throw ofAllLayers;
        } catch (LowRankException refused) {
            throw new LowRankException("Layer " + name + ": " + refused.getMessage(), refused);
        }
    }

    private static OptionValues values(Factorisation method, Map<String, String> options) {
        Set<String> known = new TreeSet<>();
        method.options().forEach(option -> known.add(method.name() + "." + option.name()));
        for (String option : options.keySet()) {
            if (!known.contains(option)) {
                throw new LowRankException(
                        "unknown option '" + option + "' of the factorisation " + method.name() + ". "
                                + (known.isEmpty() ? "It has none." : "It has " + String.join(", ", known) + ".")
                                + NearestName.suggestion(option, known));
            }
        }
        return new OptionValues(method, options);
    }

    private static Calibration required(Factorisation method, Need need, @Nullable Calibration data) {
        if (data == null) {
            throw new LowRankException("The factorisation " + method.name() + " learns from data, and none were given."
                    + " Without data go those that look at weights alone: "
                    + methods().values().stream()
                            .filter(other -> other.need(new OptionValues(other, Map.of())) == Need.NOTHING)
                            .map(Factorisation::name)
                            .collect(Collectors.joining(", "))
                    + ".");
        }
        if (need == Need.GRADIENTS && !data.hasLabels()) {
            throw new LowRankException("The factorisation " + method.name()
                    + " learns from gradients of the loss, and the data have no labels. afm learns from inputs alone.");
        }
        return data;
    }

    private static WholeLayer whole(Place place, @Nullable OutputMoments moments, @Nullable INDArray squares) {
        Layer layer = place.layer();
        INDArray bias = layer.paramTable().get(BIAS);
        return new WholeLayer(
                place.form().factored(FactoredLayer.matrix(layer)).castTo(DataType.DOUBLE),
                bias == null ? null : bias.castTo(DataType.DOUBLE).reshape(1, bias.length()),
                place.form().filterSize(),
                moments,
                squares);
    }

    /** The layers that can be two, by name, in the order of the network. */
    public Map<String, RankedLayer> layers() {
        return layers;
    }

    /** The other layers with parameters, by name, each with why it stays whole, as a clause. */
    public Map<String, String> whole() {
        return whole;
    }

    /** The rank of each layer that becomes two; layers that stay whole are left out. */
    public Map<String, Integer> ranks(RankChoice choice) {
        Map<String, Integer> ranks = new LinkedHashMap<>();
        layers.forEach((name, layer) -> {
            int rank = Math.min(choice.rank(layer), layer.factors().values().length);
            if (rank > 0 && rank <= layer.largestRank()) {
                ranks.put(name, rank);
            }
        });
        return ranks;
    }

    /** The ranks that the method itself gives its layers; null if it gives none. */
    public @Nullable Map<String, Integer> ownRanks() {
        List<RankedLayer> all = List.copyOf(layers.values());
        return !all.isEmpty() && all.get(0).ownRank() == null
                ? null
                : ranks(layer -> layer.ownRank() == null ? 0 : layer.ownRank());
    }

    /**
     * The ranks that leave at most a share of the network's parameters, with the least error: from one everywhere, the layer
     * gets one more whose error, as a share of its own at rank 0, falls most for each parameter, until no more fits.
     *
     * @param keep above 0 and below 1
     * @throws LowRankException if even rank 1 everywhere leaves more
     */
    public Map<String, Integer> ranksWithin(double keep) {
        if (!(keep > 0 && keep < 1)) {
            throw new LowRankException("The share " + keep
                    + " is refused: it is the share of the parameters that stays, a number above 0 and below 1.");
        }
        return RankBudget.ranks(layers.values(), network.numParams(), keep);
    }

    /**
     * The ranks that leave the fewest parameters while the accuracy on data falls by no more than a drop: a share for {@link
     * #ranksWithin} is halved in between, {@value #HALVINGS} times, each time with a pass of all data.
     *
     * @param drop of the accuracy, 0 to 1: 0.01 is one point in a hundred
     * @throws LowRankException if the data have no labels of classes, or only the whole network is that accurate
     */
    public Map<String, Integer> ranksForAccuracy(double drop, Calibration data) {
        if (!(drop >= 0 && drop < 1)) {
            throw new LowRankException("The drop " + drop
                    + " is refused: it is by how much the accuracy may fall, a number from 0 to below 1.");
        }
        double wanted = ModelComparison.accuracy(network, data) - drop;
        double tooSmall = RankBudget.least(layers.values(), network.numParams());
        double fits = 1;
        Map<String, Integer> best = Map.of();
        for (int i = 0; i < HALVINGS; i++) {
            double middle = (tooSmall + fits) / 2;
            Map<String, Integer> ranks = ranksWithin(middle);
            if (ModelComparison.accuracy(model(ranks), data) >= wanted) {
                fits = middle;
                best = ranks;
            } else {
                tooSmall = middle;
            }
        }
        if (best.isEmpty()) {
            throw new LowRankException("No network with fewer parameters was found that loses no more than " + drop
                    + " of the accuracy. Allow more, or train what was cut a little more than that.");
        }
        return best;
    }

    /** All layers with parameters before and after, in the order of the network. */
    public List<CompressedLayer> report(Map<String, Integer> ranks, Model small, @Nullable Calibration data) {
        Calibration sample = data == null ? SampleInputs.of(network) : data;
        return new CompressionReport(this, ranks).layers(network, small, data, sample);
    }

    /** The network with two layers where there is a rank, a model of stock Deeplearning4j. */
    public Model model(Map<String, Integer> ranks) {
        Map<String, FactoredLayer> factored = new LinkedHashMap<>();
        ranks.forEach((name, rank) -> {
            RankedLayer layer = layer(name);
            Place place = Objects.requireNonNull(places.get(name));
            factored.put(
                    name,
                    new FactoredLayer(
                            name,
                            place.layer(),
                            place.form(),
                            layer.factors().at().apply(rank)));
        });
        return FactoredModel.of(network, factored);
    }

    RankedLayer layer(String name) {
        RankedLayer layer = layers.get(name);
        if (layer == null) {
            throw new LowRankException("The network has no layer '" + name + "' that can be two."
                    + NearestName.suggestion(name, layers.keySet()));
        }
        return layer;
    }

    /** M of what a method decomposes of a layer. */
    INDArray whole(String name, INDArray factored) {
        return Objects.requireNonNull(places.get(name)).form().whole(factored);
    }
}
