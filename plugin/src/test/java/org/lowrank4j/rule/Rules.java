package org.lowrank4j.rule;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/** Short ways to rules for tests. */
public final class Rules {

    private Rules() {}

    /** The rule for any network that the given agent arguments make, written key, value, key, value. */
    public static Rule of(String... arguments) {
        return book(arguments)
                .ruleFor(Creation.of(TestNetworks.peftToy(), 1, List.of()))
                .orElseThrow();
    }

    /** A book of agent arguments alone. */
    static RuleBook book(String... arguments) {
        return RuleBook.read(map(arguments), new Properties(), Map.of());
    }

    static Map<String, String> map(String... pairs) {
        Map<String, String> map = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            map.put(pairs[i], pairs[i + 1]);
        }
        return map;
    }

    static Properties properties(String... pairs) {
        Properties properties = new Properties();
        map(pairs).forEach(properties::setProperty);
        return properties;
    }
}
