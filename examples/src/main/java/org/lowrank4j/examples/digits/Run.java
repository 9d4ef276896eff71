package org.lowrank4j.examples.digits;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * One finished run.
 *
 * @param arm how it trained
 * @param seed its seed
 * @param accuracy share of new-domain test digits recognised, 0 to 1
 * @param kept the same for upright digits
 * @param msPerStep median milliseconds of a step
 * @param trainable trained parameters
 * @param trainingBytes bytes of gradient and updater state
 * @param adapterBytes compressed size of the adapter in the model zip; 0 if there is none
 * @param losses training loss of each step
 */
record Run(
        Arm arm,
        int seed,
        double accuracy,
        double kept,
        double msPerStep,
        long trainable,
        long trainingBytes,
        long adapterBytes,
        double[] losses) {

    /** Collects what a run left in its directory and, for the agent's arms, on its error stream. */
    static Run collect(Arm arm, int seed, Path directory, List<String> errors) throws IOException {
        RunResult result = RunResult.read(directory.resolve("result.properties"));
        long trainable = result.trainable();
        long trainingBytes = result.trainingBytes();
        if (arm.usesAgent()) {
            // The program does not know of the agent: it would count every weight as trained.
            AgentReport report = AgentReport.parse(errors);
            trainable = report.trainable();
            trainingBytes = report.trainingBytes();
        }
        return new Run(
                arm,
                seed,
                result.accuracy(),
                result.kept(),
                result.msPerStep(),
                trainable,
                trainingBytes,
                adapterBytes(directory.resolve("model.zip")),
                losses(directory.resolve("losses.csv")));
    }

    private static double[] losses(Path file) throws IOException {
        return Files.readAllLines(file).stream()
                .skip(1)
                .mapToDouble(line -> Double.parseDouble(line.split(",")[1]))
                .toArray();
    }

    private static long adapterBytes(Path model) throws IOException {
        long bytes = 0;
        try (ZipFile zip = new ZipFile(model.toFile())) {
            for (Enumeration<? extends ZipEntry> entries = zip.entries(); entries.hasMoreElements(); ) {
                ZipEntry entry = entries.nextElement();
                bytes += entry.getName().startsWith("lowrank/") ? entry.getCompressedSize() : 0;
            }
        }
        return bytes;
    }

    /** The first step whose smoothed loss is at most {@code target}; more than the number of steps if there is none. */
    int stepsTo(double target) {
        double[] smooth = Curve.smooth(losses);
        for (int i = 0; i < smooth.length; i++) {
            if (smooth[i] <= target) {
                return i + 1;
            }
        }
        return smooth.length + 1;
    }
}
