package org.lowrank4j.engine;

import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.solvers.BaseOptimizer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.Console;
import org.lowrank4j.LowRankException;
import org.lowrank4j.file.TrainingState;
import org.lowrank4j.rule.Creation;
import org.lowrank4j.rule.Rule;
import org.lowrank4j.rule.RuleBook;

/**
 * All networks of the JVM that a rule applies to, as they are made, copied and read: which rule, and what goes on. Each
 * network holds what is known of it.
 */
public final class Networks {

    private static final AtomicInteger INITIALISED = new AtomicInteger();

    private Networks() {}

    /**
     * Called before a network is initialised.
     *
     * @param parameters that it is given, null if it draws its own
     * @param copied whether it takes a copy of them
     */
    public static void initialises(Object model, @Nullable Object parameters, boolean copied) {
        if (RulesInForce.book() == null || isInitialised(model) || Replica.making() != null) {
            return;
        }
        if (parameters == null) {
            DrawnParameters.begin(model);
        } else if (!copied && TakenWeights.leaves()) {
            Attachment.shared(model);
        }
    }

    /** Called after transfer learning built a network out of another. */
    public static void transferred(Object original, Object built) {
        NetworkParts from = NetworkParts.of(original);
        NetworkParts to = NetworkParts.of(built);
        if (RulesInForce.book() != null && from != null && to != null) {
            DrawnParameters.transferred(from.model(), to.model());
        }
    }

    /** Called after a network was initialised: looks for the rule that applies where that happened. */
    public static void initialised(Object model) {
        RuleBook rules = RulesInForce.book();
        NetworkParts network = NetworkParts.of(model);
        if (network != null) {
            DrawnParameters.end(network.model());
        }
        Deserialisation deserialisation = Deserialisation.running();
        if (network != null && deserialisation != null) {
            if (deserialisation.isOf(model)) {
                Enrolment source = deserialisation.source();
                if (source != null) {
                    enrol(network, source.rule(), source.ruleOfField());
                }
                return;
            }
            deserialisation.restoring(model);
        }
        if (rules == null || network == null || Attachment.enrolment(model) != null) {
            return;
        }
        Replica replica = Replica.making();
        if (replica != null) {
            replica.enrol(network);
            return;
        }
        if (Distributed.makesReplica()) {
            return;
        }
        int nth = INITIALISED.incrementAndGet();
        RulesInForce.lookedFor();
        Attachment.Field field = Attachment.takeField(model);
        orRefusing(() -> {
                    Creation creation = Creation.here(network::shape, nth);
                    return rules.ruleFor(field == null ? creation : field.keeping(creation));
                })
                .ifPresent(found -> enrol(network, drawn(network, found), field != null));
    }

    /**
     * Draws the weights of a network as a rule says, if it has just drawn them itself.
     *
     * @return the rule, or one that is refused at the first step if its weights cannot be had
     */
    private static Rule drawn(NetworkParts network, Rule rule) {
        Model model = network.model();
        try {
            if (Attachment.drewParameters(model)
                    && !RulesInForce.reportOnly()
                    && DrawnParameters.areAll(model)
                    && NewNetwork.draw(network, rule)) {
                DrawnParameters.remember(model);
            }
            return rule;
        } catch (LowRankException refused) {
            return Rule.refusing(refused);
        }
    }

    /** What cannot be had is no matter of a network that never trains: its rule is refused at the first step. */
    private static Optional<Rule> orRefusing(Supplier<Optional<Rule>> reading) {
        try {
            return reading.get();
        } catch (LowRankException refused) {
            return Optional.of(Rule.refusing(refused));
        }
    }

    /** Called when a network is stored in an annotated field. */
    public static void stored(@Nullable Object model, Class<?> owner, String field) {
        RuleBook rules = RulesInForce.book();
        NetworkParts network = model == null ? null : NetworkParts.of(model);
        if (rules == null || model == null || network == null) {
            return;
        }
        if (!isInitialised(model)) {
            Attachment.field(model, owner, field);
            return;
        }
        Optional<Rule> rule = orRefusing(() -> rules.ruleForField(owner, field, network.shape(), INITIALISED.get()));
        Enrolment enrolment = Attachment.enrolment(model);
        if (rule.isEmpty()) {
            return;
        }
        if (enrolment == null) {
            enrol(network, drawn(network, rule.get()), true);
            // Nobody watched it until now.
            Objects.requireNonNull(Attachment.taken(model)).take();
        } else if (!enrolment.rule().sameSettings(rule.get())) {
            if (enrolment.session() == null && !enrolment.ruleOfField()) {
                enrolment.ruleOfField(drawn(network, rule.get()));
                return;
            }
            LowRankException tie = new LowRankException(
                    "Two rules tie for one network: " + enrolment.rule().source() + " and "
                            + rule.get().source() + ". Give both the same settings, or annotate one of them only.");
            if (enrolment.session() != null) {
                throw enrolment.said(tie);
            }
            enrolment.ruleOfField(Rule.refusing(tie));
        }
    }

    private static boolean isInitialised(Object model) {
        return model instanceof MultiLayerNetwork multiLayer
                ? multiLayer.isInitCalled()
                : ((ComputationGraph) model).getVertices() != null;
    }

    private static void enrol(NetworkParts network, Rule rule, boolean ruleOfField) {
        Enrolment enrolment = new Enrolment(rule, ruleOfField);
        Attachment.enrol(network, enrolment);
        RulesInForce.found();
    }

    /**
     * Called before a network is cloned: a clone is of one moment.
     *
     * @return what to run after it, null for nothing
     */
    public static @Nullable Runnable cloneBegins(Object original) {
        Enrolment enrolment = Attachment.enrolment(original);
        Session session = enrolment == null ? null : enrolment.session();
        return session == null ? null : session.hold();
    }

    /** Called after that, inside of it: the clone goes on where the original is. */
    public static void cloned(Object original, Object copy) {
        Enrolment from = Attachment.enrolment(original);
        NetworkParts copied = NetworkParts.of(copy);
        if (from == null || from.stock() || copied == null) {
            return;
        }
        Enrolment to = new Enrolment(from.rule(), from.ruleOfField());
        Session session = from.session();
        if (session == null) {
            to.resumeLike(from);
        } else {
            to.resume(session.save(true));
        }
        // DL4J's clone of a graph counts from 0.
        if (session != null && copy instanceof MultiLayerNetwork multiLayer && !from.trainedHere()) {
            BaseOptimizer.incrementIterationCount(multiLayer, session.stepsAhead());
        }
        Attachment.enrol(copied, to);
    }

    /**
     * Called before Java's serialization reads a network.
     *
     * @return what {@link #deserialised} gets, null for nothing
     */
    public static @Nullable Object deserialises(Object network) {
        return RulesInForce.book() == null ? null : Deserialisation.begin(network);
    }

    /**
     * Called after that: the network goes on where the written one was.
     *
     * @param complete whether it was read without a failure
     */
    public static void deserialised(Object deserialisation, boolean complete) {
        ((Deserialisation) deserialisation).end(complete);
    }

    /** Called after a network was read from a zip that holds the state of an adapted training. */
    public static void restored(Object model, TrainingState state) {
        Enrolment enrolment = Attachment.enrolment(model);
        if (enrolment == null) {
            Console.say("this model was trained with low-rank adapters of "
                    + state.settings().keySet()
                    + ", but no rule applies to it here: training it now would train all of its weights.");
        } else {
            enrolment.resume(state);
        }
    }

    /**
     * Called after a network was read from a zip whose state of an adapted training cannot be used. The network itself is
     * whole and predicts what it did; training under a rule would start anew though the user wrote that it goes on, so it
     * is refused.
     */
    public static void restoredWithoutState(Object model, String entry, LowRankException unusable) {
        String what =
                "the adapters saved in the zip of this model cannot be used: " + entry + ": " + unusable.getMessage();
        Enrolment enrolment = Attachment.enrolment(model);
        Console.warn(what + " The model is whole, and predicts as it did; training it "
                + (enrolment == null
                        ? "here, where no rule applies to it, would train all of its weights."
                        : "stops."));
        if (enrolment != null) {
            enrolment.refuseToResume(new LowRankException(
                    "Training cannot go on where it was saved: " + what + " Restore another copy of the zip. To start"
                            + " new adapters on its weights instead, take the entry out of it: zip -d MODEL.zip "
                            + entry,
                    unusable));
        }
    }
}
