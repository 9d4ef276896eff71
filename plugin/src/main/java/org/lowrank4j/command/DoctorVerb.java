package org.lowrank4j.command;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.command.work.Probe;
import org.lowrank4j.command.work.Progress;
import org.lowrank4j.command.work.Result;
import org.lowrank4j.command.work.WrongUse;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "doctor",
        sortOptions = false,
        header = "Checks the JDK, Deeplearning4j and ND4J, and says what to do.",
        description =
                "Also looks whether the agent's hooks fit this Deeplearning4j, which kernels OpenBLAS chose for this"
                        + " processor and which are the fastest ones, and at OpenMP's threads.",
        footer = {
            "",
            "Exit status: 0 training can work (there may be advice), 1 it cannot or not rightly, 2 wrong use.",
            "Example:",
            "  java -jar lowrank4j-agent.jar doctor --project ."
        })
final class DoctorVerb extends Verb {

    /** How a check came out. */
    enum Outcome {
        FINE,
        ADVICE,
        PROBLEM
    }

    /**
     * One thing that was checked.
     *
     * @param advice what to do; null if all is well
     */
    record Check(
            String name,
            Outcome outcome,
            String found,
            @Nullable String advice) {

        /** All is well. */
        Check(String name, String found) {
            this(name, Outcome.FINE, found, null);
        }
    }

    @Option(
            names = "--probe",
            hidden = true,
            description = "Runs ND4J and prints what it found; for the doctor itself.")
    private boolean probe;

    DoctorVerb(Host host) {
        super(host);
    }

    @Override
    boolean needsDeeplearning4j() {
        return probe;
    }

    @Override
    void check() {
        classPath().entries();
    }

    @Override
    Result work(Progress progress) throws IOException {
        if (probe) {
            Map<String, String> found = Probe.run();
            return new Result(
                    true,
                    Map.of(),
                    found.entrySet().stream()
                            .map(entry -> ProbeJvm.PREFIX + entry.getKey() + "=" + entry.getValue())
                            .toList());
        }
        List<Check> checks = new ArrayList<>();
        checks.add(jdk());
        if (found("Deeplearning4j", () -> classPath().findDeeplearning4j(host().classPath()), checks)) {
            checks.add(hooks());
            if (found("ND4J", classPath()::requireBackend, checks)) {
                progress.begin("running ND4J in JVMs of its own, with one set of kernels each");
                new ProbeJvm(classPath().entries()).addTo(checks);
            }
        }
        checks.add(threads());
        return result(checks);
    }

    private static boolean found(String name, Runnable search, List<Check> checks) {
        try {
            search.run();
            return true;
        } catch (WrongUse notFound) {
            checks.add(new Check(name, Outcome.PROBLEM, "not found", String.valueOf(notFound.getMessage())));
            return false;
        }
    }

    private static Check jdk() {
        Runtime.Version version = Runtime.version();
        String found = version + " (" + System.getProperty("java.vendor") + "), "
                + System.getProperty("os.name").toLowerCase(Locale.ROOT) + " " + System.getProperty("os.arch");
        return version.feature() < 24
                ? new Check("JDK", found)
                : new Check(
                        "JDK",
                        Outcome.ADVICE,
                        found,
                        "This JDK warns about native code: give programs --enable-native-access=ALL-UNNAMED.");
    }

    private Check hooks() {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        boolean fits;
        try (PrintStream stream = new PrintStream(said, true, StandardCharsets.UTF_8)) {
            fits = host().hooksFit().test(stream);
        }
        String sentence = said.toString(StandardCharsets.UTF_8).strip().replaceFirst("^lowrank4j: (WARNING: )?", "");
        return fits
                ? new Check("Deeplearning4j", sentence)
                : new Check(
                        "Deeplearning4j",
                        Outcome.PROBLEM,
                        sentence,
                        "Use a Deeplearning4j that this agent is made for; with any other, jobs run as without the"
                                + " agent.");
    }

    private static Check threads() {
        int processors = Runtime.getRuntime().availableProcessors();
        String given = System.getenv("OMP_NUM_THREADS");
        String found = "OMP_NUM_THREADS is " + (given == null ? "not set" : given) + ", " + processors
                + (processors == 1 ? " processor" : " processors");
        if (given == null || !given.strip().matches("[1-9]\\d{0,5}")) {
            return new Check(
                    "threads",
                    Outcome.ADVICE,
                    found,
                    "Set OMP_NUM_THREADS to the processors that really are free, or to 1: threads that wait for each"
                            + " other make steps 5 to 10 times slower.");
        }
        return Integer.parseInt(given.strip()) <= processors
                ? new Check("threads", found)
                : new Check(
                        "threads",
                        Outcome.ADVICE,
                        found,
                        "More threads than processors wait for each other: set OMP_NUM_THREADS=" + processors + ".");
    }

    private static Result result(List<Check> checks) {
        List<String> lines = new ArrayList<>();
        List<Object> all = new ArrayList<>();
        for (Check check : checks) {
            String outcome = check.outcome().name().toLowerCase(Locale.ROOT);
            lines.add(String.format(Locale.ROOT, "%-8s %-15s %s", outcome, check.name(), check.found()));
            if (check.advice() != null) {
                lines.add(" ".repeat(9) + "-> " + check.advice());
            }
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("name", check.name());
            one.put("outcome", outcome);
            one.put("found", check.found());
            one.put("advice", check.advice());
            all.add(one);
        }
        boolean fine = checks.stream().noneMatch(check -> check.outcome() == Outcome.PROBLEM);
        return new Result(fine, Map.of("checks", all), lines);
    }
}
