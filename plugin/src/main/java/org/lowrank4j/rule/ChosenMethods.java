package org.lowrank4j.rule;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.gradient.GradientApproximation;
import org.lowrank4j.initialisation.Initialisation;
import org.lowrank4j.method.Method;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.rule.TargetChoices.Choice;
import org.lowrank4j.update.LowRankUpdate;
import org.lowrank4j.update.StartedUpdate;

/**
 * The three methods of one target. What the user leaves open follows from what the user chose: an initialisation that
 * starts only one update brings that update, otherwise a gradient approximation brings the one it is published with, and
 * an update brings its initialisation.
 *
 * @param initialisation null for an update without factors
 */
record ChosenMethods(
        GradientApproximation gradient,
        LowRankUpdate update,
        @Nullable Initialisation initialisation) {

    private static final Sourced DEFAULT_GRADIENT = new Sourced("exact", "default");
    private static final Sourced DEFAULT_UPDATE = new Sourced("lora", "default");
    private static final String LORAS_OWN = "kaiming";

    /**
     * Chooses for one layer.
     *
     * @param kinds the initialisation with which LoRA's factors start in layers of its kind; null for LoRA's own
     * @throws LowRankException if a name is unknown, or if initialisation and update do not fit together
     */
    static ChosenMethods of(
            Optional<Choice> init,
            Optional<Choice> gradient,
            Optional<Choice> update,
            @Nullable String kinds,
            Methods methods) {
        GradientApproximation approximation = named(gradient, DEFAULT_GRADIENT, methods::gradient);
        Initialisation start = init.map(choice -> named(choice.value(), methods::initialisation))
                .orElse(null);
        Optional<Sourced> only = Optional.ofNullable(start)
                .flatMap(its -> its.onlyUpdate()
                        .map(name -> new Sourced(name, "the update that init " + its.name() + " starts")));
        Sourced updateByDefault = only.orElse(
                gradient.isEmpty()
                        ? DEFAULT_UPDATE
                        : new Sourced(
                                approximation.defaultUpdate(), "default update of gradient " + approximation.name()));
        LowRankUpdate moved = named(update, updateByDefault, methods::update);
        requirePair(
                approximation,
                moved,
                gradient.map(Choice::value).orElse(DEFAULT_GRADIENT).source(),
                methods);
        if (start == null) {
            String own = approximation.trainsA() ? kinds : null;
            return new ChosenMethods(approximation, moved, defaultStart(moved, own, methods));
        }
        if (fit(start, moved, methods)) {
            return new ChosenMethods(approximation, moved, start);
        }
        // What an override chose for this layer stands; what the rule chose for all layers was not meant for it.
        boolean initOverrides = init.get().override();
        boolean updateOverrides =
                update.or(() -> gradient).map(Choice::override).orElse(false);
        if (updateOverrides && !initOverrides) {
            return new ChosenMethods(approximation, moved, defaultStart(moved, null, methods));
        }
        if (initOverrides && !updateOverrides && only.isPresent()) {
            return new ChosenMethods(approximation, methods.update(only.get().text(), "init override"), start);
        }
        throw refused(init.get().value(), start, moved, methods);
    }

    /** Those of the three that there are. */
    List<Method> all() {
        return initialisation == null ? List.of(gradient, update) : List.of(gradient, update, initialisation);
    }

    private static <M> M named(Optional<Choice> choice, Sourced otherwise, Lookup<M> lookup) {
        return named(choice.map(Choice::value).orElse(otherwise), lookup);
    }

    private static <M> M named(Sourced name, Lookup<M> lookup) {
        return lookup.find(name.text().strip(), name.source());
    }

    private interface Lookup<M> {
        M find(String name, String source);
    }

    /** @param kinds what takes the place of LoRA's own; null for nothing */
    private static @Nullable Initialisation defaultStart(
            LowRankUpdate update, @Nullable String kinds, Methods methods) {
        if (!(update instanceof StartedUpdate started)) {
            return null;
        }
        String own = started.defaultInitialisation();
        return methods.initialisation(
                kinds != null && own.equals(LORAS_OWN) ? kinds : own, "default init of update " + update.name());
    }

    /** An update whose own initialisation starts no other takes nobody else's factors, and the reverse. */
    private static boolean fit(Initialisation init, LowRankUpdate update, Methods methods) {
        Initialisation its = defaultStart(update, null, methods);
        return its != null && its.onlyUpdate().equals(init.onlyUpdate());
    }

    private static void requirePair(
            GradientApproximation gradient, LowRankUpdate update, String source, Methods methods) {
        gradient.refusal(update).ifPresent(reason -> {
            throw new LowRankException("gradient=" + gradient.name() + " (" + source + ") does not go with update="
                    + update.name() + ": " + reason + ". gradient=" + gradient.name() + " goes with update="
                    + names(methods.updates().stream()
                            .filter(other -> gradient.refusal(other).isEmpty()))
                    + "; update=" + update.name() + " goes with gradient="
                    + names(methods.gradients().stream()
                            .filter(other -> other.refusal(update).isEmpty())) + ".");
        });
    }

    private static String names(Stream<? extends Method> methods) {
        return methods.map(Method::name).collect(Collectors.joining(", "));
    }

    private static LowRankException refused(Sourced init, Initialisation start, LowRankUpdate update, Methods methods) {
        Stream<String> ofUpdate = update instanceof StartedUpdate
                ? methods.initialisations().stream()
                        .filter(other -> fit(other, update, methods))
                        .map(other -> "init=" + other.name() + " with update=" + update.name())
                : Stream.of("update=" + update.name() + " without init");
        Stream<String> ofStart = methods.updates().stream()
                .filter(other -> fit(start, other, methods))
                .map(other -> "init=" + start.name() + " with update=" + other.name());
        return new LowRankException("init '" + start.name() + "' (" + init.source() + ") does not fit update '"
                + update.name() + "'"
                + (update instanceof StartedUpdate ? "" : ", which has no factors that an init starts")
                + ". These pairs work: "
                + Stream.concat(ofUpdate, ofStart).collect(Collectors.joining(", ")) + ".");
    }
}
