package org.lowrank4j.rule;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * A rule as text, for another JVM that trains the same network and has neither the annotations nor the arguments of this
 * one. Each row has a word that says what it is, then its texts; all of them are of the JDK's own classes.
 */
public final class WrittenRule {

    private static final String STRICT = "strict";
    private static final String NOTE = "note";
    private static final String SOURCE = "source";
    private static final String KEY = "key";
    private static final String OPTION = "option";
    private static final String VARIABLE = "variable";
    private static final String OVERRIDE = "override";
    private static final String ITS_KEY = "its key";
    private static final String ITS_OPTION = "its option";

    private WrittenRule() {}

    /** The rows of a rule. */
    public static ArrayList<String[]> rows(Rule rule) {
        ArrayList<String[]> rows = new ArrayList<>();
        if (rule.strict()) {
            rows.add(new String[] {STRICT});
        }
        rule.notes().forEach(note -> rows.add(new String[] {NOTE, note}));
        for (Settings settings : rule.sources()) {
            rows.add(new String[] {SOURCE, settings.origin()});
            settings.values().forEach((key, value) -> rows.add(row(KEY, key.spelling(), value)));
            settings.options().forEach((name, value) -> rows.add(row(OPTION, name, value)));
            settings.environmentOptions().forEach((name, value) -> rows.add(row(VARIABLE, name, value)));
            for (LayerOverride override : settings.overrides()) {
                rows.add(row(OVERRIDE, "", override.layers()));
                override.values().forEach((key, value) -> rows.add(row(ITS_KEY, key.spelling(), value)));
                override.options().forEach((name, value) -> rows.add(row(ITS_OPTION, name, value)));
            }
        }
        return rows;
    }

    private static String[] row(String what, String name, Sourced value) {
        return new String[] {what, name, value.text(), value.source()};
    }

    /** The rule of such rows; what it says of layers has been held against the network already. */
    public static Rule of(List<String[]> rows) {
        boolean strict = false;
        List<String> notes = new ArrayList<>();
        List<Settings> sources = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            String[] row = rows.get(i);
            switch (row[0]) {
                case STRICT -> strict = true;
                case NOTE -> notes.add(row[1]);
                case SOURCE -> sources.add(new Settings(row[1]));
                case KEY -> last(sources).put(key(row[1]), value(row));
                case OPTION -> last(sources).putOption(row[1], value(row));
                case VARIABLE -> last(sources).putEnvironmentOption(row[1], value(row));
                case OVERRIDE -> last(sources).add(override(rows, i));
                case ITS_KEY, ITS_OPTION -> {}
                default -> throw new IllegalArgumentException("a rule has no " + row[0]);
            }
        }
        return new Rule(sources, strict, notes).checked();
    }

    /** That of a row, with the rows behind it that belong to it. */
    private static LayerOverride override(List<String[]> rows, int index) {
        Map<Key, Sourced> values = new LinkedHashMap<>();
        Map<String, Sourced> options = new LinkedHashMap<>();
        Map<String, BiConsumer<String, Sourced>> takers =
                Map.of(ITS_KEY, (name, value) -> values.put(key(name), value), ITS_OPTION, options::put);
        for (String[] row : rows.subList(index + 1, rows.size())) {
            BiConsumer<String, Sourced> taker = takers.get(row[0]);
            if (taker == null) {
                break;
            }
            taker.accept(row[1], value(row));
        }
        return new LayerOverride(value(rows.get(index)), values, options);
    }

    private static Settings last(List<Settings> sources) {
        return sources.get(sources.size() - 1);
    }

    private static Key key(String spelling) {
        return Key.of(spelling).orElseThrow(() -> new IllegalArgumentException("there is no key " + spelling));
    }

    private static Sourced value(String[] row) {
        return new Sourced(row[2], row[3]);
    }
}
