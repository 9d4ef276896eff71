package org.lowrank4j.command.work;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a verb found or did, for people and for machines.
 *
 * @param fine whether all is well; the exit status is 1 if not
 * @param values for {@code --json}: texts, numbers, booleans, lists and maps of these
 * @param lines the same as text
 */
public record Result(boolean fine, Map<String, Object> values, List<String> lines) {

    public Result {
        values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
        lines = List.copyOf(lines);
    }
}
