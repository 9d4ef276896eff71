package org.lowrank4j.rule;

import java.util.List;

/** One value of a rule file and the line on which it starts, from 1. All scalars are text: the key decides its form. */
sealed interface YamlNode {

    int line();

    /** Text, a number, true or false. */
    record Scalar(String text, int line) implements YamlNode {}

    /** A list. */
    record Items(List<YamlNode> items, int line) implements YamlNode {}

    /** A mapping, whose keys are distinct and in the order of the file. */
    record Entries(List<Entry> entries, int line) implements YamlNode {}

    /** One key of a mapping with its value; {@code line} is that of the key. */
    record Entry(String key, YamlNode value, int line) {}
}
