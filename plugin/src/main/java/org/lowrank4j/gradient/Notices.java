package org.lowrank4j.gradient;

import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;
import org.lowrank4j.Console;
import org.lowrank4j.method.TargetWeight;

/** What an approximation has to say about a network, said once and not for each of its layers. */
final class Notices {

    private final Set<String> said = new HashSet<>();

    /** Says something about the network that a target belongs to; not while a method is only measured. */
    static void say(TargetWeight target, String text) {
        of(target, text, Console::say);
    }

    /** The same as a warning. */
    static void warn(TargetWeight target, String text) {
        of(target, text, Console::warn);
    }

    private static void of(TargetWeight target, String text, Consumer<String> console) {
        target.kept().fill(() -> {
            if (target.shared().part(Notices.class, Notices::new).said.add(text)) {
                console.accept(text);
            }
        });
    }
}
