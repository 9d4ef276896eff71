package org.lowrank4j.tests.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Function;

/**
 * What to measure and how long, read from system properties.
 *
 * @param parts of {@link #PARTS}, {@code bench}
 * @param networks mln, cg, {@code bench.networks}
 * @param widths of the dense layers, {@code bench.widths}
 * @param batches examples per step, {@code bench.batches}
 * @param depth number of dense layers below the head, {@code bench.depth}
 * @param rank of the adapters, {@code bench.rank}
 * @param rounds of an interleaved run, {@code bench.rounds}
 * @param sliceSeconds length of one contestant's turn, {@code bench.slice}
 * @param memoryWidth width of the dense layers in the memory part, {@code bench.memoryWidth}
 * @param startupRuns processes of each kind in the startup part, {@code bench.startupRuns}
 * @param agent the agent's jar, {@code bench.agent}
 * @param baseline another build of the agent to compare with, {@code bench.baseline}
 * @param torch a PyTorch script that trains the same network, {@code bench.torch} or the environment's BENCH_TORCH
 * @param output folder of the results, {@code bench.output}
 */
record Settings(
        List<String> parts,
        List<String> networks,
        List<Integer> widths,
        List<Integer> batches,
        int depth,
        int rank,
        int rounds,
        double sliceSeconds,
        int memoryWidth,
        int startupRuns,
        Path agent,
        Optional<Path> baseline,
        Optional<Path> torch,
        Path output) {

    static final List<String> PARTS = List.of("step", "memory", "startup", "idle", "decomposition");
    static final List<String> NETWORKS = List.of("mln", "cg");

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
        return new Settings(
                reader.choice("bench", PARTS),
                reader.choice("bench.networks", NETWORKS),
                reader.numbers("bench.widths", "1024"),
                reader.numbers("bench.batches", "256,32,8"),
                reader.number("bench.depth", "4"),
                reader.number("bench.rank", "8"),
                reader.number("bench.rounds", "7"),
                reader.seconds("bench.slice", "1"),
                reader.number("bench.memoryWidth", "4096"),
                reader.number("bench.startupRuns", "15"),
                file("bench.agent", reader.text("bench.agent", ""), "Build it with: ./mvnw -pl agent -am package")
                        .orElseThrow(() -> new IllegalArgumentException(
                                "bench.agent is not set: it names the agent's jar that is measured.")),
                file("bench.baseline", reader.text("bench.baseline", ""), "It names another build of the agent."),
                file("bench.torch", torch, "It names a PyTorch script that trains the same network."),
                Path.of(reader.text("bench.output", "target/bench")));
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

        List<String> choice(String name, List<String> allowed) {
            List<String> chosen = list(text(name, String.join(",", allowed)));
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
