package org.lowrank4j.tests.pages.starts;

import digits.AgentReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What one arm measured.
 *
 * @param runs all of them, those on the tuning seed among them
 */
record ArmResult(StartArm arm, List<Measurement> runs) {

    /**
     * Reads what the arm's program left.
     *
     * @param file a line per run, in the order of the runs
     * @param errors its error stream, where the agent reports each network before its first step
     * @throws IOException if the agent did not report on every network
     */
    static ArmResult collect(StartArm arm, Path file, List<String> errors) throws IOException {
        List<Measurement> runs =
                Files.readAllLines(file).stream().map(Measurement::parse).toList();
        if (!arm.usesAgent()) {
            return new ArmResult(arm, runs);
        }
        List<Long> trainable =
                AgentReport.all(errors).stream().map(AgentReport::trainable).toList();
        if (trainable.size() != runs.size()) {
            throw new IOException("The agent reported on " + trainable.size() + " networks, and " + arm.name()
                    + " trained " + runs.size() + ". The error stream was:\n  " + String.join("\n  ", errors));
        }
        List<Measurement> reported = new ArrayList<>();
        for (int i = 0; i < runs.size(); i++) {
            reported.add(runs.get(i).withTrained(trainable.get(i)));
        }
        return new ArmResult(arm, reported);
    }

    /** The runs that the page's numbers come from, by seed. */
    List<Measurement> measured(Task task) {
        return runs.stream()
                .filter(run -> run.task() == task && run.seed() != RateGrid.TUNING_SEED)
                .toList();
    }

    /** The rate that was chosen for a task. */
    double rate(Task task) {
        return measured(task).get(0).rate();
    }

    /** A number of each measured run. */
    double[] values(Task task, Metric metric) {
        return measured(task).stream().mapToDouble(metric::of).toArray();
    }

    /** The mean over the measured runs of the loss of each step. */
    double[] meanLosses(Task task) {
        List<Measurement> measured = measured(task);
        double[] mean = new double[measured.get(0).losses().length];
        for (Measurement run : measured) {
            for (int i = 0; i < mean.length; i++) {
                mean[i] += run.losses()[i] / measured.size();
            }
        }
        return mean;
    }
}
