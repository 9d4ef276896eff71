package measure;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.zip.ZipFile;
import org.deeplearning4j.nn.api.Updater;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.factory.Nd4j;

/** One way to fine-tune a network, and what each of its trainings came to. */
public final class Way {

    /** A training that tells the clock of its steps. */
    @FunctionalInterface
    public interface Training {
        ComputationGraph train(StepClock clock) throws IOException;
    }

    /** How good a network is. */
    @FunctionalInterface
    public interface Score {
        double of(ComputationGraph network);
    }

    final String name;
    final List<Double> scores = new ArrayList<>();
    final List<Double> millis = new ArrayList<>();
    final List<Double> seconds = new ArrayList<>();

    // These are the same for every seed.
    long updaterBytes;
    long workspaceBytes;
    long adapterBytes;

    public Way(String name) {
        this.name = name;
    }

    /** How the table calls it. */
    public String name() {
        return name;
    }

    /** Trains, saves the network to the file, and scores what was saved. */
    public void run(Training training, File saved, Score score) throws IOException {
        // Workspaces belong to the thread: what the way before this one needed is given back first.
        Nd4j.getWorkspaceManager().destroyAllWorkspacesForCurrentThread();
        StepClock clock = new StepClock();
        long start = System.nanoTime();
        ComputationGraph network = training.train(clock);
        seconds.add((System.nanoTime() - start) / 1e9);
        millis.add(clock.medianMillis());
        workspaceBytes = Nd4j.getWorkspaceManager().getAllWorkspacesForCurrentThread().stream()
                .mapToLong(MemoryWorkspace::getCurrentSize)
                .sum();
        Updater updater = network.getUpdater(false);
        updaterBytes = updater == null || updater.getStateViewArray() == null
                ? 0
                : updater.getStateViewArray().length() * Float.BYTES;
        network.save(saved, true);
        adapterBytes = adapterBytes(saved);
        scores.add(score.of(ComputationGraph.load(saved, false)));
    }

    /** What the zip of a model holds of an adapter, compressed. */
    private static long adapterBytes(File model) throws IOException {
        try (ZipFile zip = new ZipFile(model)) {
            return Collections.list(zip.entries()).stream()
                    .filter(entry -> entry.getName().startsWith("lowrank/"))
                    .mapToLong(entry -> entry.getCompressedSize())
                    .sum();
        }
    }

    /** A network that is trained once and kept in its file. */
    public static File kept(Path file, Training training) throws IOException {
        if (!Files.exists(file)) {
            Files.createDirectories(file.toAbsolutePath().getParent());
            File unfinished = new File(file + ".unfinished");
            training.train(new StepClock()).save(unfinished, true);
            Files.move(unfinished.toPath(), file);
        }
        return file.toFile();
    }
}
