package org.lowrank4j.tests.pages.tables;

import static org.lowrank4j.tests.pages.tables.MarkdownText.code;
import static org.lowrank4j.tests.pages.tables.MarkdownText.escaped;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.compression.Compression;
import org.lowrank4j.factorisation.Factorisation;
import org.lowrank4j.initialisation.Initialisation;
import org.lowrank4j.method.Method;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.update.StartedUpdate;

/** A table of the methods of each kind, and one of their options below it. */
final class MethodTables {

    private final Sources sources;

    MethodTables(Sources sources) {
        this.sources = sources;
    }

    String initialisations() {
        return tables(
                "init",
                sources.methods().initialisations(),
                List.of("learns from", "brings `update=`", "its `alpha`"),
                start -> List.of(
                        need(start), start.onlyUpdate().map(MarkdownText::code).orElse(""), alpha(start)));
    }

    String gradients() {
        return tables(
                "gradient",
                sources.methods().gradients(),
                List.of("`update=` if none is named", "uses `rank`"),
                gradient -> List.of(code(gradient.defaultUpdate()), yes(gradient.usesRank())));
    }

    String updates() {
        return tables(
                "update",
                sources.methods().updates(),
                List.of("`init=` if none is named", "its `alpha`", "uses `rank`"),
                update -> update instanceof StartedUpdate started
                        ? List.of(
                                code(started.defaultInitialisation()),
                                number(update.defaultAlpha()),
                                yes(update.usesRank()))
                        : List.of("", "", yes(update.usesRank())));
    }

    String updaters() {
        return tables(
                "updater",
                sources.methods().updaters(),
                List.of("numbers an entry"),
                updater -> List.of(Integer.toString(updater.arrays())));
    }

    String averages() {
        return tables("average", sources.methods().averages(), List.of(), average -> List.of());
    }

    String losses() {
        return tables("loss", sources.methods().losses(), List.of(), loss -> List.of());
    }

    String exchanges() {
        return tables("exchange", sources.methods().exchanges(), List.of(), exchange -> List.of());
    }

    String factorisations() {
        return tables(
                "--method",
                Compression.methods().values(),
                List.of("learns from"),
                method -> List.of(need(method.need(new OptionValues(method, Map.of())))));
    }

    private static String need(Factorisation.Need need) {
        return switch (need) {
            case NOTHING -> "W";
            case OUTPUTS -> "outputs";
            case GRADIENTS -> "gradients of single examples";
        };
    }

    private <M extends Method> String tables(
            String key, Collection<M> all, List<String> more, Function<M, List<String>> cells) {
        List<M> methods = all.stream().filter(sources::has).toList();
        Table table = new Table(row(code(key.startsWith("-") ? key : key + "="), "what it is", more));
        methods.forEach(method -> table.row(row(code(method.name()), summary(method), cells.apply(method))));
        Table options = new Table(List.of("option", "default", "what it is"));
        methods.forEach(method -> method.options().forEach(option -> options.row(row(method, option))));
        boolean none = methods.stream().allMatch(method -> method.options().isEmpty());
        return none ? table.toString() : table + "\n" + options;
    }

    private String summary(Method method) {
        return sources.of(method.getClass()).summary(method.getClass().getSimpleName());
    }

    private static List<String> row(String name, String meaning, List<String> more) {
        return Stream.concat(Stream.of(name, meaning), more.stream()).toList();
    }

    private static List<String> row(Method method, MethodOption option) {
        return List.of(
                code(method.name() + "." + option.name()), byDefault(option.defaultValue()), escaped(option.meaning()));
    }

    private static String byDefault(@Nullable String value) {
        return value == null ? "must be given" : value.isEmpty() ? "" : code(value);
    }

    private static String need(Initialisation start) {
        return switch (start.need()) {
            case WEIGHT -> "W";
            case GRADIENT -> "dL/dW";
            case INPUTS -> "inputs";
        };
    }

    private static String yes(boolean so) {
        return so ? "yes" : "";
    }

    /** Two ranks tell a number from the rank itself. */
    private static String alpha(Initialisation start) {
        OptionalDouble ofFour = start.defaultAlpha(4);
        if (ofFour.isEmpty()) {
            return "";
        }
        return ofFour.equals(start.defaultAlpha(6)) ? number(ofFour.getAsDouble()) : "rank";
    }

    private static String number(double alpha) {
        return alpha == Math.rint(alpha) ? Long.toString(Math.round(alpha)) : Double.toString(alpha);
    }
}
