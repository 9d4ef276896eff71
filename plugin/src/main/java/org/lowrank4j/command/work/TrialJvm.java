package org.lowrank4j.command.work;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.lowrank4j.LowRankException;

/** A job in a JVM of its own, for a few steps with the settings of a candidate. */
final class TrialJvm {

    private static final int LINES_OF_FAILURE = 5;

    private final List<String> job;
    private final GridSearch.Candidate candidate;
    private final int patienceSeconds;

    /** @param job command line that begins with java */
    TrialJvm(List<String> job, GridSearch.Candidate candidate, int patienceSeconds) {
        this.job = job;
        this.candidate = candidate;
        this.patienceSeconds = patienceSeconds;
    }

    /**
     * What came of it.
     *
     * @param steps that it took: fewer than asked for if the job was over, or the loss not finite any more
     * @param loss the mean of the last quarter of them; infinite if one was not finite
     */
    record Outcome(int steps, double loss) {}

    /**
     * Runs it.
     *
     * @throws LowRankException if the job takes no step with adapters, with what it said last
     */
    Outcome run(int steps) throws IOException {
        Path losses = Files.createTempFile("trial", ".txt");
        Path said = Files.createTempFile("trial", ".log");
        try {
            Process process = new ProcessBuilder(command(steps, losses))
                    .redirectErrorStream(true)
                    .redirectOutput(said.toFile())
                    .start();
            boolean ended = process.waitFor(patienceSeconds, TimeUnit.SECONDS);
            if (!ended) {
                process.destroyForcibly().waitFor();
            }
            List<String> found = Files.readAllLines(losses);
            if (found.isEmpty()) {
                throw new LowRankException("The job took no step with adapters, "
                        + (ended ? "and ended with status " + process.exitValue() : "within " + patienceSeconds + " s")
                        + ". It must run a JVM with the agent and a rule. It said last:" + end(said));
            }
            return new Outcome(found.size(), mean(found));
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted in a trial", interrupted);
        } finally {
            Files.deleteIfExists(losses);
            Files.deleteIfExists(said);
        }
    }

    private List<String> command(int steps, Path losses) {
        List<String> command = new ArrayList<>(job);
        command.add(1, "-Dlowrank4j.trial=" + steps + ":" + losses);
        command.add(2, "-Dlowrank.rate=" + candidate.rate());
        if (candidate.rank() != null) {
            command.add(3, "-Dlowrank.rank=" + candidate.rank());
        }
        return command;
    }

    private static double mean(List<String> found) {
        List<String> last = found.subList(found.size() - Math.max(1, found.size() / GridSearch.QUARTER), found.size());
        double sum = 0;
        for (String line : last) {
            sum += Double.parseDouble(line.strip());
        }
        return Double.isFinite(sum) ? sum / last.size() : Double.POSITIVE_INFINITY;
    }

    private static String end(Path said) throws IOException {
        try (Stream<String> all = Files.lines(said, StandardCharsets.ISO_8859_1)) {
            List<String> lines = all.filter(line -> !line.isBlank() && !line.matches("\\s+at .*"))
                    .toList();
            return lines.isEmpty()
                    ? " nothing."
                    : "\n  "
                            + String.join(
                                    "\n  ", lines.subList(Math.max(0, lines.size() - LINES_OF_FAILURE), lines.size()));
        }
    }
}
