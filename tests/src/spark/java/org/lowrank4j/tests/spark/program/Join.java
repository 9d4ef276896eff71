package org.lowrank4j.tests.spark.program;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.spark.api.TrainingHook;
import org.nd4j.linalg.dataset.api.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/** Lets the first worker of all wait for one more executor. Worker and driver see the same files. */
final class Join implements TrainingHook {

    private static final long serialVersionUID = 1L;

    private final String file;

    /** @param file that says that a worker waits */
    Join(String file) {
        this.file = file;
    }

    private static void make(Path file) {
        try {
            Files.createFile(file);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private Path joined() {
        return Path.of(file + ".joined");
    }

    /** Called on the driver: the executor is there. */
    void hasJoined() {
        make(joined());
    }

    @Override
    public void preUpdate(DataSet batch, Model model) {
        if (Files.exists(Path.of(file))) {
            return;
        }
        make(Path.of(file));
        long end = System.nanoTime() + Duration.ofMinutes(3).toNanos();
        while (!Files.exists(joined())) {
            if (System.nanoTime() > end) {
                throw new IllegalStateException("no executor has joined");
            }
            LockSupport.parkNanos(20_000_000);
        }
    }

    @Override
    public void postUpdate(DataSet batch, Model model) {}

    @Override
    public void preUpdate(MultiDataSet batch, Model model) {}

    @Override
    public void postUpdate(MultiDataSet batch, Model model) {}
}
