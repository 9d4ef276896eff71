package org.lowrank4j.tests.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.lowrank4j.tests.pages.Spread;

/**
 * One contestant's turn.
 *
 * @param steps how many were run
 * @param wall median milliseconds a step
 * @param fastestWall milliseconds of the fastest step
 * @param cpu median milliseconds of the training thread's CPU time a step
 * @param processCpu mean milliseconds of the whole process's CPU time a step, with collector and compiler
 */
record Slice(int steps, double wall, double fastestWall, double cpu, double processCpu) {

    /** From the times of a turn, in nanoseconds a step. */
    static Slice of(int steps, double[] wallNanos, double[] cpuNanos, double processCpuNanos) {
        return new Slice(
                steps,
                Spread.of(wallNanos).median() / 1e6,
                Spread.of(wallNanos).least() / 1e6,
                Spread.of(cpuNanos).median() / 1e6,
                processCpuNanos / 1e6);
    }

    /** One quantity over the rounds. */
    static Spread spread(List<Slice> rounds, ToDoubleFunction<Slice> quantity) {
        return Spread.of(rounds.stream().mapToDouble(quantity).toArray());
    }

    /** The ratio of two contestants in each round: only turns of the same round saw the same machine. */
    static Spread ratios(List<Slice> above, List<Slice> below, ToDoubleFunction<Slice> quantity) {
        if (above.size() != below.size()) {
            throw new IllegalArgumentException(
                    "Ratios need the same rounds: " + above.size() + " and " + below.size() + ".");
        }
        double[] ratios = new double[above.size()];
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] = quantity.applyAsDouble(above.get(i)) / quantity.applyAsDouble(below.get(i));
        }
        return Spread.of(ratios);
    }

    /** All slices of an interleaved run, by contestant. */
    static Map<String, Object> toJson(Map<String, List<Slice>> slices) {
        Map<String, Object> json = new LinkedHashMap<>();
        slices.forEach((arm, rounds) -> {
            Map<String, Object> own = new LinkedHashMap<>();
            own.put("cpuMs", rounds.stream().map(Slice::cpu).toList());
            own.put("processCpuMs", rounds.stream().map(Slice::processCpu).toList());
            own.put("wallMs", rounds.stream().map(Slice::wall).toList());
            own.put("fastestWallMs", rounds.stream().map(Slice::fastestWall).toList());
            own.put("steps", rounds.stream().map(Slice::steps).toList());
            json.put(arm, own);
        });
        return json;
    }

    /** As one line, for {@link #parse}. */
    String format() {
        return String.format(Locale.ROOT, "%d %.6f %.6f %.6f %.6f", steps, wall, fastestWall, cpu, processCpu);
    }

    static Slice parse(String line) {
        String[] words = line.split(" ");
        if (words.length != 5) {
            throw new IllegalArgumentException(
                    "'" + line + "' is not a slice: steps, wall, fastest wall, cpu, process's cpu.");
        }
        return new Slice(
                Integer.parseInt(words[0]),
                Double.parseDouble(words[1]),
                Double.parseDouble(words[2]),
                Double.parseDouble(words[3]),
                Double.parseDouble(words[4]));
    }
}
