package org.lowrank4j.gradient;

import java.util.HashSet;
import java.util.Set;
import org.lowrank4j.report.Console;
import org.lowrank4j.update.TargetWeight;

/** What an approximation has to say about a network, said once and not for each of its layers. */
final class Notices {

    private final Set<String> said = new HashSet<>();

    /** Those of the network that a target belongs to. */
    static Notices of(TargetWeight target) {
        return target.shared().part(Notices.class, Notices::new);
    }

    void say(String text) {
        if (said.add(text)) {
            Console.say(text);
        }
    }

    void warn(String text) {
        if (said.add(text)) {
            Console.warn(text);
        }
    }
}
