package org.lowrank4j.tests.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs contestants in turn, round after round. Each round starts with another one, so that none always follows the same
 * predecessor's caches and clock rate.
 */
final class Interleaving {

    private Interleaving() {}

    /** Slices by contestant, one a round. */
    static Map<String, List<Slice>> run(
            List<? extends Contestant> arms, int rounds, double warmUpSeconds, double sliceSeconds) throws IOException {
        Map<String, List<Slice>> slices = new LinkedHashMap<>();
        for (Contestant arm : arms) {
            if (slices.put(arm.name(), new ArrayList<>()) != null) {
                throw new IllegalArgumentException("Two contestants are called " + arm.name() + ".");
            }
            arm.warmUp(warmUpSeconds);
        }
        for (int round = 0; round < rounds; round++) {
            for (int turn = 0; turn < arms.size(); turn++) {
                Contestant arm = arms.get((round + turn) % arms.size());
                List<Slice> own = slices.get(arm.name());
                own.add(arm.run(sliceSeconds));
            }
        }
        return slices;
    }
}
