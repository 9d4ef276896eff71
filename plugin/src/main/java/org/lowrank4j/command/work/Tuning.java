package org.lowrank4j.command.work;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.lowrank4j.LowRankException;
import org.lowrank4j.command.work.GridSearch.Candidate;
import org.lowrank4j.file.Replacement;

/**
 * The verb tune: runs a job again and again for a few steps, each time at another learning rate or rank.
 *
 * <p>What is found stands in a table that is written after every trial, so that one that is interrupted goes on where it was.
 */
public final class Tuning {

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
     * @param ranks empty for that of the job
     * @param steps of the longest
     */
    public Result run(List<Double> rates, List<Integer> ranks, int steps) throws IOException {
        GridSearch search = new GridSearch(rates, ranks, steps, this::loss);
        return result(search, search.best(), Math.min(steps, ofJob));
    }

    private double loss(Candidate candidate, int steps) throws IOException {
        trial(candidate, steps);
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
        losses.forEach((candidate, found) -> found.forEach((steps, loss) -> text.append(candidate.rate())
                .append('\t')
                .append(candidate.rank() == null ? "-" : candidate.rank().toString())
                .append('\t')
                .append(steps)
                .append('\t')
                .append(loss)
                .append('\n')));
        return text.toString();
    }

    private Result result(GridSearch search, Candidate best, int steps) throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add(String.format(Locale.ROOT, "%-10s %5s %8s %12s", "rate", "rank", "steps", "loss"));
        List<Object> all = new ArrayList<>();
        List<Candidate> candidates = search.grid();
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
        if (search.isEdge(best.rate())) {
            lines.add("the best rate is at the edge of those that were tried: try "
                    + (best.rate() == candidates.get(0).rate() ? "lower" : "higher") + " ones");
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
