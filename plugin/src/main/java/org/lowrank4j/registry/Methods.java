package org.lowrank4j.registry;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.Services;
import org.lowrank4j.average.WeightAverage;
import org.lowrank4j.gradient.GradientApproximation;
import org.lowrank4j.gradient.exchange.Exchange;
import org.lowrank4j.initialisation.Initialisation;
import org.lowrank4j.loss.TrainingLoss;
import org.lowrank4j.method.Method;
import org.lowrank4j.method.NearestName;
import org.lowrank4j.update.LowRankUpdate;
import org.lowrank4j.updater.Updater;

/**
 * All known methods by name: those of lowrank4j and those of users, found alike through {@link java.util.ServiceLoader}. A name is
 * unique within its extension point.
 */
public final class Methods {

    private static final String INIT = "init";
    private static final String GRADIENT = "gradient";
    private static final String UPDATE = "update";
    private static final String LOSS = "loss";
    private static final String UPDATER = "updater";
    private static final String AVERAGE = "average";
    private static final String EXCHANGE = "exchange";

    /** The name that leaves an output layer its own loss, and a network its own updaters. */
    public static final String STOCK = "stock";

    /** The name that leaves what is trained without an average. */
    public static final String NONE = "none";

    private final Map<String, Initialisation> initialisations;
    private final Map<String, GradientApproximation> gradients;
    private final Map<String, LowRankUpdate> updates;
    private final Map<String, TrainingLoss> losses;
    private final Map<String, Updater> updaters;
    private final Map<String, WeightAverage> averages;
    private final Map<String, Exchange> exchanges;

    /** All of them, by the key under which rules name them. */
    private final Map<String, Map<String, ? extends Method>> byKey = new LinkedHashMap<>();

    /**
     * A registry of the given methods only.
     *
     * @throws LowRankException if two methods of one extension point have the same name
     */
    public Methods(
            Collection<? extends Initialisation> initialisations,
            Collection<? extends GradientApproximation> gradients,
            Collection<? extends LowRankUpdate> updates,
            Collection<? extends TrainingLoss> losses,
            Collection<? extends Updater> updaters,
            Collection<? extends WeightAverage> averages,
            Collection<? extends Exchange> exchanges) {
        this.initialisations = byName(INIT, initialisations);
        this.gradients = byName(GRADIENT, gradients);
        this.updates = byName(UPDATE, updates);
        this.losses = byName(LOSS, losses);
        this.updaters = byName(UPDATER, updaters);
        this.averages = byName(AVERAGE, averages);
        this.exchanges = byName(EXCHANGE, exchanges);
        byKey.put(INIT, this.initialisations);
        byKey.put(GRADIENT, this.gradients);
        byKey.put(UPDATE, this.updates);
        byKey.put(LOSS, this.losses);
        byKey.put(UPDATER, this.updaters);
        byKey.put(AVERAGE, this.averages);
        byKey.put(EXCHANGE, this.exchanges);
    }

    /** The methods that the loader of lowrank4j and the context loader of this thread can see. */
    public static Methods load() {
        return load(Thread.currentThread().getContextClassLoader());
    }

    /**
     * The methods that the loader of lowrank4j and one more loader can see.
     *
     * @param users where the user's methods are, or null
     * @throws LowRankException if a method cannot be made or two have the same name
     */
    public static Methods load(@Nullable ClassLoader users) {
        return new Methods(
                Services.of(Initialisation.class, users),
                Services.of(GradientApproximation.class, users),
                Services.of(LowRankUpdate.class, users),
                Services.of(TrainingLoss.class, users),
                Services.of(Updater.class, users),
                Services.of(WeightAverage.class, users),
                Services.of(Exchange.class, users));
    }

    /**
     * The initialisation of that name.
     *
     * @param source where the name was written, for the message
     * @throws LowRankException if there is none, with the known names and the nearest
     */
    public Initialisation initialisation(String name, String source) {
        return get(INIT, initialisations, name, source);
    }

    /** The gradient approximation of that name; otherwise as {@link #initialisation}. */
    public GradientApproximation gradient(String name, String source) {
        return get(GRADIENT, gradients, name, source);
    }

    /** The update of that name; otherwise as {@link #initialisation}. */
    public LowRankUpdate update(String name, String source) {
        return get(UPDATE, updates, name, source);
    }

    /** The training loss of that name, null for {@link #STOCK}; otherwise as {@link #initialisation}. */
    public @Nullable TrainingLoss loss(String name, String source) {
        return name.equals(STOCK) ? null : get(LOSS, losses, name, source);
    }

    /** The updater of that name, null for {@link #STOCK}; otherwise as {@link #initialisation}. */
    public @Nullable Updater updater(String name, String source) {
        return name.equals(STOCK) ? null : get(UPDATER, updaters, name, source);
    }

    /** The average of that name, null for {@link #NONE}; otherwise as {@link #initialisation}. */
    public @Nullable WeightAverage average(String name, String source) {
        return name.equals(NONE) ? null : get(AVERAGE, averages, name, source);
    }

    /** The exchange of that name; otherwise as {@link #initialisation}. */
    public Exchange exchange(String name, String source) {
        return get(EXCHANGE, exchanges, name, source);
    }

    /** All exchanges between replicas, by name. */
    public Collection<Exchange> exchanges() {
        return exchanges.values();
    }

    /** All initialisations, by name. */
    public Collection<Initialisation> initialisations() {
        return initialisations.values();
    }

    /** All gradient approximations, by name. */
    public Collection<GradientApproximation> gradients() {
        return gradients.values();
    }

    /** All updates, by name. */
    public Collection<LowRankUpdate> updates() {
        return updates.values();
    }

    /** All losses that stand for output layers' own, by name. */
    public Collection<TrainingLoss> losses() {
        return losses.values();
    }

    /** All updaters that stand for networks' own, by name. */
    public Collection<Updater> updaters() {
        return updaters.values();
    }

    /** All averages of what is trained, by name. */
    public Collection<WeightAverage> averages() {
        return averages.values();
    }

    /** The options of all methods, written {@code method.option}, in alphabetical order. */
    public Set<String> optionNames() {
        Set<String> names = new TreeSet<>();
        byKey.values().forEach(methods -> methods.values().forEach(method -> names.addAll(optionNames(method))));
        return names;
    }

    /** The options of one method, written {@code method.option}, in the order in which it declares them. */
    public static List<String> optionNames(Method method) {
        return method.options().stream()
                .map(option -> method.name() + "." + option.name())
                .toList();
    }

    private static <M extends Method> Map<String, M> byName(String key, Collection<? extends M> methods) {
        Map<String, M> named = new TreeMap<>();
        for (M method : methods) {
            M earlier = named.putIfAbsent(method.name(), method);
            if (earlier != null) {
                throw new LowRankException("Two methods answer to " + key + " '" + method.name() + "': "
                        + earlier.getClass().getName() + " and "
                        + method.getClass().getName()
                        + ". Rename one or take it out of META-INF/services.");
            }
        }
        return Collections.unmodifiableMap(named);
    }

    private <M extends Method> M get(String key, Map<String, M> known, String name, String source) {
        M method = known.get(name);
        if (method != null) {
            return method;
        }
        String elsewhere = otherKeysOf(name);
        Set<String> names = new TreeSet<>(known.keySet());
        if (key.equals(LOSS) || key.equals(UPDATER)) {
            names.add(STOCK);
        }
        if (key.equals(AVERAGE)) {
            names.add(NONE);
        }
        throw new LowRankException("unknown " + key + " '" + name + "' (" + source + "). Known: "
                + String.join(", ", names) + "."
                + (elsewhere.isEmpty() ? NearestName.suggestion(name, names) : elsewhere));
    }

    private String otherKeysOf(String name) {
        List<String> keys = new ArrayList<>();
        byKey.forEach((key, methods) -> {
            if (methods.containsKey(name)) {
                keys.add(key + "=" + name);
            }
        });
        return keys.isEmpty() ? "" : " Did you mean " + String.join(" or ", keys) + "?";
    }
}
