package org.lowrank4j.rule;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.Excerpt;
import org.lowrank4j.method.NearestName;

/**
 * A rule file: either the keys of a rule at the top, for every network, or a list {@code networks:} whose entries say
 * {@code when:} they apply. The switches {@code strict}, {@code verbose} and {@code mode} may stand at the top of both.
 *
 * <pre>{@code
 * networks:
 *   - when: {createdBy: "com.vendor.*", hasLayer: fc2}
 *     rank: 16
 *     layers: [fc1, fc2]
 *     galore.refresh: 100
 *     overrides:
 *       - {layers: fc1, rank: 4}
 * }</pre>
 */
final class RuleFile {

    private static final String NETWORKS = "networks";
    private static final String WHEN = "when";
    private static final String OVERRIDES = "overrides";
    private static final String OPTIONS = "options";

    private final String file;
    private final List<Part> parts = new ArrayList<>();
    private final Set<Part> matched = ConcurrentHashMap.newKeySet();

    private RuleFile(String file) {
        this.file = file;
    }

    /** One rule of the file and the networks that it is for; two of the same words are two rules. */
    private static final class Part {

        final Selector when;
        final Settings settings;

        Part(Selector when, Settings settings) {
            this.when = when;
            this.settings = settings;
        }
    }

    /** No file. */
    static RuleFile none() {
        return new RuleFile("");
    }

    /**
     * Reads a file.
     *
     * @param path the path and where it was written
     * @param switches takes the switches of the file
     * @param warnings takes a sentence if the file is empty
     * @throws LowRankException if the file cannot be read, or says something unknown or not allowed
     */
    static RuleFile read(Sourced path, Switches switches, List<String> warnings) {
        RuleFile rules = new RuleFile(path.text().strip());
        root(rules.file, path.source())
                .ifPresentOrElse(
                        root -> rules.readTop(root, switches),
                        () -> warnings.add("rule file '" + rules.file + "' (" + path.source() + ") holds no rule."));
        return rules;
    }

    /** The plugin's jar has no YAML reader in it; who puts it on a class path by hand may leave that out. */
    private static Optional<YamlNode> root(String file, String source) {
        try {
            return YamlReader.readFile(file, source);
        } catch (NoClassDefFoundError missing) {
            throw new LowRankException(
                    "Rule file '" + file + "' (" + source + ") cannot be read: lowrank4j-plugin is on the class path"
                            + " without org.snakeyaml:snakeyaml-engine, which reads it. Put that beside it (Maven and"
                            + " Gradle do), take lowrank4j-plugin off the class path, where the agent brings its own, or"
                            + " write the rule as arguments of the agent.",
                    missing);
        }
    }

    /**
     * What the file says about a network: of the entries that match, the one with the most selectors.
     *
     * @param id the id that an annotation gave the network
     * @throws LowRankException if two entries match with the same number of selectors
     */
    Optional<Settings> matching(Creation creation, Optional<String> id) {
        List<Part> matching =
                parts.stream().filter(part -> part.when.matches(creation, id)).toList();
        matched.addAll(matching);
        int most = matching.stream().mapToInt(part -> part.when.size()).max().orElse(0);
        List<Part> best =
                matching.stream().filter(part -> part.when.size() == most).toList();
        if (best.size() > 1) {
            throw new LowRankException("The entries on "
                    + best.stream().map(part -> part.settings.origin()).collect(Collectors.joining(" and "))
                    + " match the same network with " + most + " selector(s) each, so neither wins. Add a selector"
                    + " to one of them.");
        }
        return best.stream().map(part -> part.settings).findFirst();
    }

    boolean anyMatched() {
        return !matched.isEmpty();
    }

    /** The entries that matched no network so far, each with where it is and what it says of networks. */
    List<String> unmatched() {
        return parts.stream()
                .filter(part -> !matched.contains(part))
                .map(part -> part.settings.origin() + part.when.text())
                .toList();
    }

    private void readTop(YamlNode root, Switches switches) {
        List<YamlNode.Entry> rule = new ArrayList<>();
        Optional<YamlNode.Entry> networks = Optional.empty();
        for (YamlNode.Entry entry : entries(root, "the top of a rule file")) {
            if (Switches.FILE_NAMES.contains(entry.key())) {
                switches.putIfAbsent(entry.key(), scalar(entry));
            } else if (entry.key().equals(NETWORKS)) {
                networks = Optional.of(entry);
            } else {
                rule.add(entry);
            }
        }
        if (networks.isPresent()) {
            refuseBoth(rule);
            for (YamlNode part : items(networks.get())) {
                readNetwork(part);
            }
        } else if (!rule.isEmpty()) {
            parts.add(new Part(new Selector(), readRule(rule, file, topKeys())));
        }
    }

    private void refuseBoth(List<YamlNode.Entry> rule) {
        if (!rule.isEmpty()) {
            List<String> known = allKeys(topKeys());
            if (!known.contains(rule.get(0).key())) {
                throw unknown(rule.get(0), known);
            }
            throw at(
                    rule.get(0).line(),
                    "key '" + rule.get(0).key()
                            + "' stands beside networks:, so it is unclear which networks it is for. Move it into the entries.");
        }
    }

    private void readNetwork(YamlNode node) {
        Selector when = new Selector();
        List<YamlNode.Entry> rule = new ArrayList<>();
        for (YamlNode.Entry entry : entries(node, "an entry of networks:")) {
            if (entry.key().equals(WHEN)) {
                for (YamlNode.Entry condition : entries(entry.value(), "when:")) {
                    when.add(condition.key(), scalar(condition));
                }
            } else {
                rule.add(entry);
            }
        }
        parts.add(new Part(when, readRule(rule, source(node.line()), List.of(WHEN))));
    }

    private Settings readRule(List<YamlNode.Entry> rule, String origin, List<String> others) {
        Settings settings = new Settings(origin);
        for (YamlNode.Entry entry : rule) {
            Optional<Key> key = Key.of(entry.key());
            if (key.isPresent()) {
                settings.put(key.get(), value(key.get(), entry));
            } else if (entry.key().equals(OVERRIDES)) {
                items(entry).forEach(node -> settings.add(readOverride(node)));
            } else if (entry.key().equals(OPTIONS)) {
                readOptions(entry).forEach(settings::putOption);
            } else if (entry.key().contains(".")) {
                settings.putOption(entry.key(), scalar(entry));
            } else {
                throw unknown(entry, allKeys(others));
            }
        }
        settings.check();
        return settings;
    }

    private LayerOverride readOverride(YamlNode node) {
        Optional<Sourced> layers = Optional.empty();
        Map<Key, Sourced> values = new EnumMap<>(Key.class);
        Map<String, Sourced> options = new LinkedHashMap<>();
        for (YamlNode.Entry entry : entries(node, "an entry of overrides:")) {
            Optional<Key> key = Key.of(entry.key());
            if (key.isPresent() && key.get() == Key.LAYERS) {
                layers = Optional.of(value(Key.LAYERS, entry));
            } else if (key.isPresent() && key.get().perLayer()) {
                values.put(key.get(), value(key.get(), entry));
            } else if (entry.key().equals(OPTIONS)) {
                readOptions(entry).forEach((name, value) -> Settings.putOption(options, name, value));
            } else if (entry.key().contains(".")) {
                Settings.putOption(options, entry.key(), scalar(entry));
            } else {
                List<String> allowed = Stream.concat(
                                Stream.of(Key.LAYERS.spelling(), OPTIONS), Key.spellings(true).stream())
                        .toList();
                throw unknown(entry, allowed);
            }
        }
        return new LayerOverride(
                layers.orElseThrow(() -> at(node.line(), "an override must say which layers: it is for")),
                values,
                options);
    }

    /** A mapping of {@code method.option: value} or a list of {@code method.option=value}. */
    private Map<String, Sourced> readOptions(YamlNode.Entry options) {
        Map<String, Sourced> read = new LinkedHashMap<>();
        if (options.value() instanceof YamlNode.Entries mapping) {
            mapping.entries()
                    .forEach(entry -> Settings.putOption(
                            read, new Sourced(entry.key() + "=" + scalar(entry).text(), source(entry.line()))));
        } else {
            items(options).forEach(item -> Settings.putOption(read, text(item, options.key())));
        }
        return read;
    }

    private Sourced value(Key key, YamlNode.Entry entry) {
        boolean list = key == Key.LAYERS || key == Key.EXCLUDE || key == Key.TRAIN;
        if (!list || !(entry.value() instanceof YamlNode.Items items)) {
            return scalar(entry);
        }
        String joined = items.items().stream()
                .map(item -> text(item, entry.key()).text())
                .collect(Collectors.joining(","));
        boolean nothing = items.items().isEmpty() && key != Key.LAYERS;
        return new Sourced(nothing ? LayerPattern.NONE : joined, source(entry.line()));
    }

    private Sourced scalar(YamlNode.Entry entry) {
        Sourced text = text(entry.value(), entry.key());
        if (text.text().isBlank() || text.text().equals("~") || text.text().equals("null")) {
            throw at(entry.line(), "key '" + entry.key() + "' has no value");
        }
        return new Sourced(text.text(), source(entry.line()));
    }

    private Sourced text(YamlNode node, String key) {
        if (node instanceof YamlNode.Scalar scalar) {
            return new Sourced(scalar.text(), source(node.line()));
        }
        throw at(node.line(), "key '" + key + "' takes a plain value here, not a list or a mapping");
    }

    private List<YamlNode> items(YamlNode.Entry entry) {
        if (entry.value() instanceof YamlNode.Items items) {
            return items.items();
        }
        throw at(entry.line(), "key '" + entry.key() + "' takes a list");
    }

    private List<YamlNode.Entry> entries(YamlNode node, String where) {
        if (node instanceof YamlNode.Entries entries) {
            return entries.entries();
        }
        throw at(node.line(), where + " must be a mapping of keys to values, for example rank: 8");
    }

    private LowRankException unknown(YamlNode.Entry entry, List<String> known) {
        if (entry.value() instanceof YamlNode.Entries below
                && below.entries().stream().anyMatch(each -> known.contains(each.key()))) {
            return at(
                    entry.line(),
                    "unknown key '" + Excerpt.of(entry.key()) + "'. Drop that level: what is below it are keys of a"
                            + " rule, which stand in its place");
        }
        return at(
                entry.line(),
                "unknown key '" + Excerpt.of(entry.key()) + "'." + NearestName.suggestion(entry.key(), known)
                        + " Known: " + String.join(", ", known));
    }

    private static List<String> topKeys() {
        return Stream.concat(Stream.of(NETWORKS), Switches.FILE_NAMES.stream()).toList();
    }

    private static List<String> allKeys(List<String> others) {
        return Stream.of(Key.spellings(false), List.of(OPTIONS, OVERRIDES), others)
                .flatMap(List::stream)
                .toList();
    }

    private LowRankException at(int line, String problem) {
        return new LowRankException(source(line) + ": " + problem + ".");
    }

    private String source(int line) {
        return file + " line " + line;
    }
}
