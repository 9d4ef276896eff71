package org.lowrank4j.tests.pages.starts;

import java.util.Locale;
import org.lowrank4j.tests.pages.Task;

/** What the base model, which knows the upright digits 0 to 4, is adapted to. */
enum Target {
    /** Digits it has never seen, with a new output layer. */
    OTHER_DIGITS("Other digits", "the digits 5 to 9, with a new output layer", new Task(5, 9, 0), true),
    /** The digits it knows, turned by 90 degrees; its output layer stays and is trained on. */
    SHIFTED_DOMAIN(
            "Shifted domain",
            "the digits 0 to 4 turned by 90 degrees, with the output layer kept",
            new Task(0, 4, 90),
            false);

    /** The digits of the base model. */
    static final Task KNOWN = new Task(0, 4, 0);

    final String title;
    final String meaning;
    final Task task;

    /** Whether the output layer starts anew; then there is no old accuracy to keep. */
    final boolean newHead;

    Target(String title, String meaning, Task task, boolean newHead) {
        this.title = title;
        this.meaning = meaning;
        this.task = task;
        this.newHead = newHead;
    }

    /** The name as written in files: {@code other-digits}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
