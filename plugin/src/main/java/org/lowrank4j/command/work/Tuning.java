package org.lowrank4j.command.work;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.file.Replacement;

/**
 * The verb tune: runs a job again and again for a few steps, each time at another learning rate or rank, and goes on with
 * those that came furthest (successive halving, arXiv 1502.07943, with quarters).
 *
 * <p>What is found stands in a table that is written after every trial, so that one that is interrupted goes on where it was.
 */
public final class Tuning {

    /** Of the candidates of a round the next one has a quarter, with four times the steps. */
    public static final int QUARTER = 4;

    private static final String JOB = "# job: ";
    private static final String HEAD = "rate\trank\tsteps\tloss";

    private final List<String> job;
    private final Path table;
    private final int patienceSeconds;
    private final Progress progress;
    private final Map<Candidate, Map<Integer, Double>> losses = new LinkedHashMap<>();

    /** The steps of the job by itself, as far as is known. */
    private int ofJob = Integer.MAX_VALUE;

    private long taken;

    /**
     * What is tried.
     *
     * @param rank null for that of the job
     */
    public record Candidate(double rate, @Nullable Integer rank) {

        String settings() {
            return "rate=" + Double.toString(rate) + (rank == null ? "" : ",rank=" + rank);
        }

        private String cells() {
            return Double.toString(rate) + "\t" + (rank == null ? "-" : rank);
        }
    }

    /**
     * Reads what was found before.
     *
     * @param job command line of a JVM with the agent: java, its options, the program and its arguments
     * @param patienceSeconds for one trial
     * @throws LowRankException if the table is of another job
     */
    public Tuning(List<String> job, Path table, int patienceSeconds, Progress progress) throws IOException {
        this.job = List.copyOf(job);
        this.table = table;
        this.patienceSeconds = patienceSeconds;
        this.progress = progress;
        if (Files.exists(table)) {
            read(Files.readAllLines(table, StandardCharsets.UTF_8));
        }
    }

    private void read(List<String> lines) {
        if (lines.isEmpty() || !lines.get(0).equals(JOB + job)) {
            throw new LowRankException(table + " is of another job. Give another OUT, or delete it. It is of: "
                    + (lines.isEmpty() ? "nothing" : lines.get(0).replace(JOB, "")));
        }
        for (String line : lines.subList(2, lines.size())) {
            String[] cells = line.split("\t");
            Candidate candidate = new Candidate(
                    Double.parseDouble(cells[0]), cells[1].equals("-") ? null : Integer.valueOf(cells[1]));
            put(candidate, Integer.parseInt(cells[2]), Double.parseDouble(cells[3]));
        }
    }

    private void put(Candidate candidate, int steps, double loss) {
        losses.computeIfAbsent(candidate, key -> new LinkedHashMap<>()).put(steps, loss);
    }

    /**
     * Runs the trials.
     *
     * @param steps of the longest
     */
    public Result run(List<Candidate> candidates, int steps) throws IOException {
        int rounds = 1;
        for (int left = candidates.size(); left > 1; left /= QUARTER) {
            rounds++;
        }
        List<Candidate> left = candidates;
        for (int round = 1; round < rounds; round++) {
            int now = (int) Math.max(1, steps / Math.pow(QUARTER, rounds - round));
            for (Candidate candidate : left) {
                trial(candidate, now);
            }
            left = best(left, now);
            progress.begin("round " + round + " of " + rounds + ", " + now + " steps: best "
                    + left.get(0).settings());
            if (round < rounds - 1) {
                left = left.subList(0, Math.max(1, left.size() / QUARTER));
            }
        }
        // The best one in full; the next one if a long run diverges where a short one did not.
        for (Candidate candidate : left) {
            trial(candidate, steps);
            if (Double.isFinite(loss(candidate, steps))) {
                return result(candidate, candidates, Math.min(steps, ofJob));
            }
        }
        throw new LowRankException(
                "The loss was finite with none of the candidates. Look at the job, or take lower" + " rates.");
    }

    private static int quarter(int count) {
        return (count + QUARTER - 1) / QUARTER;
    }

    private List<Candidate> best(List<Candidate> candidates, int steps) {
        return candidates.stream()
                .sorted(Comparator.comparingDouble(candidate -> loss(candidate, steps)))
                .toList();
    }

    private double loss(Candidate candidate, int steps) {
        return Objects.requireNonNull(
                Objects.requireNonNull(losses.get(candidate)).get(Math.min(steps, ofJob)));
    }

    /** Tries a candidate, unless that was done; a job that is over before has no more steps to give. */
    private void trial(Candidate candidate, int steps) throws IOException {
        if (losses.getOrDefault(candidate, Map.of()).containsKey(Math.min(steps, ofJob))) {
            return;
        }
        progress.begin(steps + " steps with " + candidate.settings());
        TrialJvm.Outcome outcome = new TrialJvm(job, candidate, patienceSeconds).run(steps);
        if (outcome.steps() < steps && Double.isFinite(outcome.loss())) {
            progress.begin("the job is over after " + outcome.steps() + " steps");
            ofJob = Math.min(ofJob, outcome.steps());
        }
        taken += outcome.steps();
        put(candidate, Math.min(steps, ofJob), outcome.loss());
        Replacement.write(table, text());
    }

    private String text() {
        StringBuilder text = new StringBuilder(JOB + job + "\n" + HEAD + "\n");
        losses.forEach((candidate, found) -> found.forEach((steps, loss) -> text.append(candidate.cells())
                .append('\t')
                .append(steps)
                .append('\t')
                .append(loss)
                .append('\n')));
        return text.toString();
    }

    private Result result(Candidate best, List<Candidate> candidates, int steps) throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add(String.format(Locale.ROOT, "%-10s %5s %8s %12s", "rate", "rank", "steps", "loss"));
        List<Object> all = new ArrayList<>();
        for (Candidate candidate : candidates) {
            losses.getOrDefault(candidate, Map.of()).forEach((count, loss) -> {
                lines.add(String.format(
                        Locale.ROOT,
                        "%-10.3g %5s %8d %12s",
                        candidate.rate(),
                        candidate.rank() == null ? "-" : candidate.rank(),
                        count,
                        Double.isFinite(loss) ? String.format(Locale.ROOT, "%.6g", loss) : "diverged"));
                Map<String, Object> one = new LinkedHashMap<>();
                one.put("rate", candidate.rate());
                one.put("rank", candidate.rank());
                one.put("steps", count);
                one.put("loss", Double.isFinite(loss) ? loss : null);
                all.add(one);
            });
        }
        Path picture = table.resolveSibling(table.getFileName() + ".svg");
        Replacement.write(picture, TuningPicture.svg(losses));
        lines.add("best: " + best.settings());
        lines.add(String.format(
                Locale.ROOT,
                "%,d steps, %.0f %% of those of all candidates at full length; table in %s, picture in %s",
                taken,
                100.0 * taken / ((long) steps * candidates.size()),
                table,
                picture));
        double lowest = candidates.stream().mapToDouble(Candidate::rate).min().orElse(0);
        double highest = candidates.stream().mapToDouble(Candidate::rate).max().orElse(0);
        if (lowest < highest && (best.rate() == lowest || best.rate() == highest)) {
            lines.add("the best rate is at the edge of those that were tried: try "
                    + (best.rate() == lowest ? "lower" : "higher") + " ones");
        }
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("best", best.settings());
        values.put("rate", best.rate());
        values.put("rank", best.rank());
        values.put("steps", taken);
        values.put("trials", all);
        return new Result(true, values, lines);
    }
}
