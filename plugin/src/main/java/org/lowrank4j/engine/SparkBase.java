package org.lowrank4j.engine;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.Console;
import org.lowrank4j.file.TrainingState;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.rule.Plan;
import org.lowrank4j.rule.Rule;
import org.lowrank4j.rule.WrittenRule;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What Spark's workers start from, of one network: everything that does not change from split to split. It travels as a map
 * of classes that every executor has, whatever its class loaders: of the JDK, ND4J and Deeplearning4j.
 */
final class SparkBase {

    private static final String CONFIGURATION = "configuration";
    private static final String PARAMETERS = "parameters";
    private static final String RULE = "rule";
    private static final String SETTINGS = "settings";
    private static final String RANKS = "ranks";
    private static final String TENSORS = "tensors";
    private static final String RANDOM = "random";

    /** The last plan that was made in this JVM: that takes longer than a step of a small network. */
    private static volatile @Nullable Known last;

    private final Map<?, ?> sent;
    private final Rule rule;
    private final TrainingState training;

    /**
     * The plan of a base.
     *
     * @param sent held weakly: Spark drops what it was sent when the fit is over
     */
    private record Known(WeakReference<Map<?, ?>> sent, Plan plan) {}

    SparkBase(Map<?, ?> sent) {
        this.sent = sent;
        rule = WrittenRule.of(part(RULE));
        training = new TrainingState(
                part(SETTINGS),
                part(RANKS),
                part(TENSORS),
                false,
                new LinkedHashSet<>(this.<List<String>>part(RANDOM)));
    }

    @SuppressWarnings("unchecked")
    private <T> T part(String name) {
        return (T) Objects.requireNonNull(sent.get(name), name);
    }

    /** What is to be sent: copies of everything, as the network is now. */
    static HashMap<String, Object> toSend(NetworkParts network, Rule rule, Session session) {
        TrainingState training =
                Objects.requireNonNull(session.state(network, false, true)).training();
        HashMap<String, Object> sent = new HashMap<>();
        sent.put(CONFIGURATION, configuration(network.model()));
        sent.put(PARAMETERS, network.model().params().dup());
        sent.put(RULE, WrittenRule.rows(rule));
        sent.put(SETTINGS, new HashMap<>(training.settings()));
        sent.put(RANKS, new HashMap<>(training.ranks()));
        sent.put(TENSORS, new HashMap<>(training.tensors()));
        sent.put(RANDOM, new ArrayList<>(training.random()));
        return sent;
    }

    private static Object configuration(Object model) {
        return model instanceof MultiLayerNetwork layers
                ? layers.getLayerWiseConfigurations().clone()
                : ((ComputationGraph) model).getConfiguration().clone();
    }

    /** Its bytes, but for those of the configuration and of the rule. */
    static long bytes(Map<String, Object> sent) {
        long bytes = bytes((INDArray) Objects.requireNonNull(sent.get(PARAMETERS)));
        for (Object tensor : ((Map<?, ?>) Objects.requireNonNull(sent.get(TENSORS))).values()) {
            bytes += bytes((INDArray) tensor);
        }
        return bytes;
    }

    static long bytes(INDArray array) {
        return array.length() * array.dataType().width();
    }

    /**
     * A network of its own for one task, with its adapters.
     *
     * @param values of what trains, to which they are moved
     * @param state of the updaters; null for one that begins anew
     */
    NetworkParts network(int iteration, int epoch, INDArray values, @Nullable INDArray state) {
        NetworkParts network = Objects.requireNonNull(NetworkParts.of(initialised()));
        network.counts(iteration, epoch);
        Methods methods = Methods.load();
        Session session = Console.silently(() -> {
            Plan its = plan(network, methods);
            return new Session(FittedNetwork.of(its, network, methods, training.ranks()), training);
        });
        session.moveTo(values);
        if (state != null) {
            session.updaterState(state);
        }
        Enrolment enrolment = new Enrolment(rule, false);
        enrolment.begin(session);
        Attachment.enrol(network, enrolment);
        RulesInForce.found();
        return network;
    }

    private Object initialised() {
        INDArray parameters = this.<INDArray>part(PARAMETERS).dup();
        if (part(CONFIGURATION) instanceof MultiLayerConfiguration layers) {
            MultiLayerNetwork network = new MultiLayerNetwork(layers.clone());
            network.init(parameters, false);
            return network;
        }
        ComputationGraph graph = new ComputationGraph(
                this.<ComputationGraphConfiguration>part(CONFIGURATION).clone());
        graph.init(parameters, false);
        return graph;
    }

    private Plan plan(NetworkParts network, Methods methods) {
        Known known = last;
        if (known == null || known.sent().get() != sent) {
            Plan now = rule.plan(Beginning.shapeForTraining(network, training, Set.of(), rule), methods);
            Plan its = Beginning.planOf(training, now, methods);
            if (its == null) {
                throw new IllegalStateException("this executor reads the rule (" + rule.source()
                        + ") as another one than the driver does: give both the same lowrank4j, and the same methods on"
                        + " the class path. Here: " + now.settings() + ". There: " + training.settings() + ".");
            }
            known = new Known(new WeakReference<>(sent), its);
            last = known;
        }
        return known.plan();
    }
}
