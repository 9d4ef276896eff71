package org.lowrank4j.command;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.lowrank4j.command.work.Progress;
import org.lowrank4j.command.work.Result;
import org.lowrank4j.command.work.Tuning;
import org.lowrank4j.command.work.WrongUse;
import org.lowrank4j.method.Excerpt;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "tune",
        sortOptions = false,
        header = "Finds a learning rate (and rank) for a training job in short runs of it.",
        description =
                "Runs the job at every third rate for a sixteenth of --steps; from the best of these for a quarter, at"
                        + " rates and ranks beside it for as long as one is better; and the best two for --steps. What counts is"
                        + " the mean loss of the last quarter of a run's steps. Runs begin the"
                        + " job anew and end it when their steps are taken, so that whatever it does before is done each"
                        + " time, and what it does after never.",
        footer = {
            "",
            "JOB is the command line of a JVM with the agent and a rule. The rate is set by the key rate and the rank by"
                    + " rank, as system properties, so that the agent's arguments must leave them out.",
            "OUT is a table that is written after each run. With the same OUT and JOB an interrupted tune goes on.",
            "Exit status: 0 found, 1 the job took no step with adapters or diverged at every rate, 2 wrong use.",
            "Example:",
            "  java -jar lowrank4j-agent.jar tune --rates 1e-4:1e-1:13 --steps 400 -o rates.tsv -- \\",
            "      java -javaagent:lowrank4j-agent.jar=rank=8 -cp 'app.jar:lib/*' com.example.Train"
        })
final class TuneVerb extends Verb {

    private static final int MOST = 1000;

    @Option(
            names = "--rates",
            paramLabel = "RATES",
            description = "FROM:TO:COUNT, in equal ratios, or a list with commas; 1e-4:1e-1:13 if absent.")
    private String rates = "1e-4:1e-1:13";

    @Option(
            names = "--ranks",
            paramLabel = "R",
            split = ",",
            description = "Ranks to try with each rate, with commas; that of the job if absent.")
    private List<Integer> ranks = List.of();

    @Option(names = "--steps", paramLabel = "N", description = "Steps of the last, longest run; 400 if absent.")
    private int steps = 400;

    @Option(
            names = "--patience",
            paramLabel = "SECONDS",
            description =
                    "How long a run may take; 3600 if absent. One that takes longer is ended, with its steps so far.")
    private int patience = 3600;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "OUT",
            required = true,
            description = "The table; the picture is written beside it as OUT.svg.")
    private Path output = Path.of("");

    @Parameters(arity = "1..*", paramLabel = "JOB", description = "After --: java, its options, the program.")
    private List<String> job = List.of();

    TuneVerb(Host host) {
        super(host);
    }

    @Override
    boolean needsDeeplearning4j() {
        return false;
    }

    @Override
    void check() {
        if (!Path.of(job.get(0)).getFileName().toString().matches("java(\\.exe)?")) {
            throw new WrongUse("The job must begin with java, and it begins with '" + Excerpt.of(job.get(0)) + "'.");
        }
        if (job.stream().noneMatch(argument -> argument.startsWith("-javaagent:") && argument.contains("lowrank4j"))) {
            throw new WrongUse("The job has no -javaagent:...lowrank4j-agent.jar. Write the whole command line of the"
                    + " JVM after --.");
        }
        refuse("rate");
        if (!ranks.isEmpty()) {
            refuse("rank");
        }
        if (steps < 1 || patience < 1) {
            throw new WrongUse("--steps and --patience must be 1 or more.");
        }
        if (ranks.stream().anyMatch(rank -> rank < 1)) {
            throw new WrongUse("--ranks must be 1 or more: " + ranks + ".");
        }
        rates();
    }

    /** What the job sets itself would win, or be set twice. */
    private void refuse(String key) {
        for (String argument : job) {
            int equals = argument.indexOf('=');
            boolean ofAgent = argument.startsWith("-javaagent:")
                    && List.of(argument.substring(equals + 1).split(",")).stream()
                            .anyMatch(setting -> setting.strip().startsWith(key + "="));
            if (ofAgent || argument.startsWith("-Dlowrank." + key + "=")) {
                throw new WrongUse("The job sets " + key + " itself (" + Excerpt.of(argument)
                        + "), and that is what is tried. Leave it out there.");
            }
        }
    }

    private List<Double> rates() {
        List<Double> all = new ArrayList<>();
        try {
            String[] range = rates.split(":", -1);
            if (range.length == 3) {
                double from = Double.parseDouble(range[0]);
                double to = Double.parseDouble(range[1]);
                int count = Integer.parseInt(range[2]);
                for (int i = 0; i < count && count <= MOST; i++) {
                    // Three digits, as one would write them.
                    double rate = count == 1 ? from : from * Math.pow(to / from, i / (count - 1.0));
                    all.add(Double.parseDouble(String.format(Locale.ROOT, "%.3g", rate)));
                }
            } else {
                for (String rate : rates.split(",", -1)) {
                    all.add(Double.parseDouble(rate));
                }
            }
        } catch (NumberFormatException notNumbers) {
            all.clear();
        }
        if (all.isEmpty() || all.stream().anyMatch(rate -> !(rate > 0 && Double.isFinite(rate)))) {
            throw new WrongUse("--rates '" + Excerpt.of(rates) + "' must be FROM:TO:COUNT, as 1e-4:1e-1:13, or numbers"
                    + " above 0 with commas; COUNT is at most " + MOST + ".");
        }
        return all;
    }

    @Override
    Result work(Progress progress) throws IOException {
        return new Tuning(job, output, patience, progress).run(rates(), ranks, steps);
    }
}
