package org.lowrank4j.tests.pages.byzantine;

import java.util.List;
import java.util.Random;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.updater.Updater;

/** Plain SGD, but for the last of seven workers, who take steps by gradients that are wrong and send where they have come to. */
public final class HostileSgd implements Updater {

    static final int WORKERS = 7;

    @Override
    public String name() {
        return "hostile-sgd";
    }

    @Override
    public int arrays() {
        return 0;
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption("attack", "none", "what hostile workers make of their gradients"),
                new MethodOption("count", "0", "how many of the last workers are hostile"));
    }

    @Override
    public Steps steps(OptionValues options, Kept kept) {
        Attack attack = options.choice("attack", Attack.class);
        int honest = WORKERS - options.wholeNumber("count");
        Random random = new Random(1);
        return (entries, arrays, count, rate, t) -> {
            if (worker() >= honest) {
                attack.on(entries, count, random);
            }
            for (int i = 0; i < count; i++) {
                entries[i] *= rate;
            }
        };
    }

    private static int worker() {
        String thread = Thread.currentThread().getName();
        return thread.startsWith("ParallelWrapper training thread ")
                ? Integer.parseInt(thread.substring(thread.lastIndexOf(' ') + 1))
                : 0;
    }
}
