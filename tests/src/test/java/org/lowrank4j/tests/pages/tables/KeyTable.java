package org.lowrank4j.tests.pages.tables;

import static org.lowrank4j.tests.pages.tables.MarkdownText.code;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.lowrank4j.annotation.LowRank;

/** The keys of a rule: the members of the annotation, in the order of its source. */
final class KeyTable {

    private final Javadoc annotation;

    KeyTable(Sources sources) {
        annotation = sources.of(LowRank.class);
    }

    String table() {
        Set<String> ofLayers = Arrays.stream(LowRank.Layer.class.getDeclaredMethods())
                .map(Method::getName)
                .filter(name -> !name.equals("layers"))
                .collect(Collectors.toSet());
        Table table = new Table(List.of("key", "for single layers", "meaning and default"));
        for (String key : annotation.members("LowRank")) {
            table.row(List.of(code(key), ofLayers.contains(key) ? "yes" : "", annotation.whole("LowRank." + key)));
        }
        return table.toString();
    }
}
