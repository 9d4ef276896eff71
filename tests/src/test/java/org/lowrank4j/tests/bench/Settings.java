package org.lowrank4j.tests.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Function;

/**
 * What to measure and how long, read from system properties. A list's first entry is what the other lists are varied at.
 *
 * @param parts of {@link #PARTS}, {@code bench}
 * @param size quick, usual or full, {@code bench.size}: what is meant where nothing else is said
 * @param networks mln, cg, {@code bench.networks}
 * @param widths of the dense layers, {@code bench.widths}
 * @param batches examples per step, {@code bench.batches}
 * @param depth number of dense layers below the head, {@code bench.depth}
 * @param ranks of the adapters, {@code bench.ranks}
 * @param updaters adam, sgd, {@code bench.updaters}
 * @param fits iterator, dataset, {@code bench.fits}
 * @param rounds of an interleaved run, {@code bench.rounds}
 * @param sliceSeconds length of one contestant's turn, {@code bench.slice}
 * @param memoryWidth width of the dense layers in the memory part, {@code bench.memoryWidth}
 * @param startupRuns processes of each kind in the startup part, {@code bench.startupRuns}
 * @param soakSteps training steps of each kind in the soak part, {@code bench.soakSteps}
 * @param agent the agent's jar, {@code bench.agent}
 * @param baseline another build of the agent to compare with, {@code bench.baseline}
 * @param torch a PyTorch script that trains the same network, {@code bench.torch} or the environment's BENCH_TORCH
 * @param output folder of the results, {@code bench.output}
 * @param site folder in which {@code markdown/speed.md} and {@code resources/speed-*.png} are written, {@code bench.site}
 */
record Settings(
        List<String> parts,
        String size,
        List<String> networks,
        List<Integer> widths,
        List<Integer> batches,
        int depth,
        List<Integer> ranks,
        List<String> updaters,
        List<String> fits,
        int rounds,
        double sliceSeconds,
        int memoryWidth,
        int startupRuns,
        int soakSteps,
        Path agent,
        Optional<Path> baseline,
        Optional<Path> torch,
        Path output,
        Path site) {

    static final List<String> PARTS =
            List.of("step", "growth", "soak", "products", "memory", "methods", "startup", "idle", "decomposition");
    static final List<String> SIZES = List.of("usual", "quick", "full");
    static final List<String> NETWORKS = List.of("mln", "cg");
    static final List<String> UPDATERS = List.of("adam", "sgd");
    static final List<String> FITS = List.of("iterator", "dataset");

    /**
     * Reads the settings.
     *
     * @throws IllegalArgumentException if a value is not allowed or a file is missing, saying which and what to do
     */
    static Settings of(Properties properties, Function<String, String> environment) {
        Reader reader = new Reader(properties);
        String torch = reader.text("bench.torch", "");
        if (torch.isEmpty() && environment.apply("BENCH_TORCH") != null) {
            torch = environment.apply("BENCH_TORCH");
        }
        String size = reader.one("bench.size", SIZES);
        boolean quick = size.equals("quick");
        Path output = Path.of(reader.text("bench.output", "target/bench"));
        return new Settings(
                reader.choice("bench", PARTS),
                size,
                reader.choice("bench.networks", NETWORKS),
                reader.numbers("bench.widths", quick ? "1024" : "1024,256,2048,4096"),
                reader.numbers("bench.batches", "32,256,8"),
                reader.number("bench.depth", "4"),
                reader.numbers("bench.ranks", quick ? "8" : "8,4,64"),
                reader.choice("bench.updaters", quick ? UPDATERS.subList(0, 1) : UPDATERS, UPDATERS),
                reader.choice("bench.fits", quick ? FITS.subList(0, 1) : FITS, FITS),
                reader.number("bench.rounds", quick ? "3" : size.equals("full") ? "7" : "5"),
                reader.seconds("bench.slice", "0.5"),
                reader.number("bench.memoryWidth", "4096"),
                reader.number("bench.startupRuns", quick ? "5" : "15"),
                reader.number("bench.soakSteps", quick ? "20000" : "100000"),
                file("bench.agent", reader.text("bench.agent", ""), "Build it with: ./mvnw -pl agent -am package")
                        .orElseThrow(() -> new IllegalArgumentException(
                                "bench.agent is not set: it names the agent's jar that is measured.")),
                file("bench.baseline", reader.text("bench.baseline", ""), "It names another build of the agent."),
                file("bench.torch", torch, "It names a PyTorch script that trains the same network."),
                output,
                Path.of(reader.text("bench.site", output.resolve("site").toString())));
    }

    /** Whether the step part measures every combination of the lists. */
    boolean combineAll() {
        return size.equals("full");
    }

    private static Optional<Path> file(String property, String value, String advice) {
        if (value.isEmpty()) {
            return Optional.empty();
        }
        Path path = Path.of(value).toAbsolutePath().normalize();
        if (!Files.isRegularFile(path)) {
            throw new IllegalArgumentException(property + ": there is no file " + path + ". " + advice);
        }
        return Optional.of(path);
    }

    private record Reader(Properties properties) {

        String text(String name, String otherwise) {
            String value = properties.getProperty(name, "").strip();
            return value.isEmpty() ? otherwise : value;
        }

        String one(String name, List<String> allowed) {
            List<String> chosen = choice(name, allowed.subList(0, 1), allowed);
            if (chosen.size() != 1) {
                throw new IllegalArgumentException(name + ": one of " + String.join(", ", allowed) + ", not several.");
            }
            return chosen.get(0);
        }

        List<String> choice(String name, List<String> allowed) {
            return choice(name, allowed, allowed);
        }

        List<String> choice(String name, List<String> otherwise, List<String> allowed) {
            List<String> chosen = list(text(name, String.join(",", otherwise)));
            for (String one : chosen) {
                if (!allowed.contains(one)) {
                    throw new IllegalArgumentException(
                            name + ": '" + one + "' is not one of " + String.join(", ", allowed) + ".");
                }
            }
            return chosen;
        }

        List<Integer> numbers(String name, String otherwise) {
            return list(text(name, otherwise)).stream()
                    .map(one -> positive(name, one))
                    .toList();
        }

        int number(String name, String otherwise) {
            return positive(name, text(name, otherwise));
        }

        double seconds(String name, String otherwise) {
            String value = text(name, otherwise);
            try {
                double seconds = Double.parseDouble(value);
                if (seconds > 0 && Double.isFinite(seconds)) {
                    return seconds;
                }
            } catch (NumberFormatException notANumber) {
                throw new IllegalArgumentException(name + ": '" + value + "' is not a number of seconds.", notANumber);
            }
            throw new IllegalArgumentException(name + ": " + value + " seconds; it must be more than 0.");
        }

        private static int positive(String name, String value) {
            if (!value.matches("[1-9][0-9]{0,8}")) {
                throw new IllegalArgumentException(name + ": '" + value + "' is not a whole number from 1.");
            }
            return Integer.parseInt(value);
        }

        private static List<String> list(String text) {
            return Arrays.stream(text.split(",")).map(String::strip).toList();
        }
    }
}
