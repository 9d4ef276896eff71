package org.lowrank4j.tests.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.lowrank4j.tests.pages.Spread;

/**
 * What the agent adds to the start of a JVM: with DL4J absent, against no agent and an empty agent; with DL4J, from main
 * to the end of the first fit. Many short processes, their kinds taking turns.
 */
final class StartupBenchmark {

    private final SpeedSettings settings;
    private final Findings findings;
    private final Path folder;

    StartupBenchmark(SpeedSettings settings, Findings findings) {
        this.settings = settings;
        this.findings = findings;
        folder = settings.out().resolve("logs");
    }

    /** One kind of process. */
    private record Kind(String name, String agent, Class<?> main, String classPath) {}

    /** Milliseconds of every process, by kind. */
    Map<String, Object> run() throws IOException {
        String own = Path.of(Worker.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .getPath())
                .toString();
        String all = Child.classPath();
        String agent = settings.agent().toString();
        List<Kind> kinds = List.of(
                new Kind("no DL4J, no agent", "", Hello.class, own),
                new Kind("no DL4J, empty agent", EmptyAgent.write(folder).toString(), Hello.class, own),
                new Kind("no DL4J, lowrank4j", agent, Hello.class, own),
                new Kind("first fit, no agent", "", FirstFit.class, all),
                new Kind("first fit, lowrank4j without a rule", agent, FirstFit.class, all),
                new Kind("first fit, lowrank4j with a rule", agent + "=rank=4", FirstFit.class, all));
        Map<String, List<Double>> times = new LinkedHashMap<>();
        kinds.forEach(kind -> times.put(kind.name(), new ArrayList<>()));
        for (int run = -1; run < settings.startupRuns(); run++) {
            for (int turn = 0; turn < kinds.size(); turn++) {
                Kind kind = kinds.get(Math.floorMod(run + turn, kinds.size()));
                double time = time(kind);
                if (run >= 0) {
                    times.get(kind.name()).add(time);
                }
            }
        }
        times.forEach((name, values) -> findings.add(Finding.of("startup", name, "time", "ms", spread(values))));
        difference(times, kinds.get(2), kinds.get(0), Double.NaN);
        difference(times, kinds.get(2), kinds.get(1), 15);
        difference(times, kinds.get(4), kinds.get(3), 350);
        difference(times, kinds.get(5), kinds.get(3), 350);
        count(kinds);
        return new LinkedHashMap<>(times);
    }

    private void difference(Map<String, List<Double>> times, Kind above, Kind below, double budget) {
        double[] differences = new double[times.get(above.name()).size()];
        for (int run = 0; run < differences.length; run++) {
            differences[run] =
                    times.get(above.name()).get(run) - times.get(below.name()).get(run);
        }
        Finding finding =
                Finding.of("startup", above.name(), "added to '" + below.name() + "'", "ms", Spread.of(differences));
        findings.add(Double.isNaN(budget) ? finding : finding.within(budget));
    }

    private static Spread spread(List<Double> values) {
        return Spread.of(values.stream().mapToDouble(Double::doubleValue).toArray());
    }

    /** Counts, unlike times, are the same on every machine. */
    private void count(List<Kind> kinds) throws IOException {
        Path classes = folder.resolve("classes.log");
        start(kinds.get(2), List.of("-Xlog:class+load:file=" + classes.toAbsolutePath()));
        long byteBuddy;
        try (Stream<String> lines = Files.lines(classes)) {
            byteBuddy = lines.filter(line -> line.contains("bytebuddy")).count();
        }
        findings.add(
                Finding.of("startup", kinds.get(2).name(), "Byte Buddy classes loaded", "count", Spread.of(byteBuddy))
                        .within(0));
        long without = start(kinds.get(3), List.of()).warnings();
        long with = start(kinds.get(5), List.of()).warnings();
        findings.add(Finding.of(
                        "startup",
                        kinds.get(5).name(),
                        "JVM warnings more than without agent",
                        "count",
                        Spread.of(with - without))
                .within(0));
    }

    private double time(Kind kind) throws IOException {
        Ended ended = start(kind, List.of());
        return kind.main() == FirstFit.class ? ended.reported() : ended.milliseconds();
    }

    /** A process that has ended. */
    private record Ended(double milliseconds, String output, String errors) {

        double reported() throws IOException {
            return output.lines()
                    .filter(line -> line.startsWith(Child.MARK))
                    .mapToDouble(line -> Double.parseDouble(line.substring(Child.MARK.length())))
                    .findFirst()
                    .orElseThrow(() -> new IOException("The program printed no time: " + output + errors));
        }

        long warnings() {
            return errors.lines()
                    .filter(line -> line.startsWith("WARNING") || line.contains(" VM warning:"))
                    .count();
        }
    }

    private Ended start(Kind kind, List<String> extra) throws IOException {
        List<String> options = new ArrayList<>(List.of("-Xmx512m"));
        options.addAll(extra);
        if (!kind.agent().isEmpty()) {
            options.add("-javaagent:" + kind.agent());
        }
        ProcessBuilder builder = new ProcessBuilder(
                Child.command(options, kind.classPath(), kind.main().getName(), List.of()));
        builder.environment().put("OMP_NUM_THREADS", "1");
        Path output = folder.resolve("startup.out");
        Path errors = folder.resolve("startup.err");
        builder.redirectOutput(output.toFile()).redirectError(errors.toFile());
        long start = System.nanoTime();
        Process process = builder.start();
        try {
            int exit = process.waitFor();
            double milliseconds = (System.nanoTime() - start) / 1e6;
            if (exit != 0) {
                throw new IOException("'" + kind.name() + "' ended with exit code " + exit + ":\n"
                        + Files.readString(output) + Files.readString(errors));
            }
            return new Ended(milliseconds, Files.readString(output), Files.readString(errors));
        } catch (InterruptedException interrupted) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", interrupted);
        }
    }
}
