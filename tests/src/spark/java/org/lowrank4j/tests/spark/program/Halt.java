package org.lowrank4j.tests.spark.program;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.TaskContext;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.spark.api.TrainingHook;
import org.nd4j.linalg.dataset.api.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/** Ends an executor as a system does that ends a process, before a minibatch, once. */
final class Halt implements TrainingHook {

    private static final long serialVersionUID = 1L;

    private static final AtomicInteger MINIBATCHES = new AtomicInteger();

    private final String file;
    private final int minibatch;

    /**
     * @param file that says that it was done
     * @param minibatch of an executor, from 1 on
     */
    Halt(String file, int minibatch) {
        this.file = file;
        this.minibatch = minibatch;
    }

    @Override
    public void preUpdate(DataSet batch, Model model) {
        if (TaskContext.getPartitionId() == 1 && MINIBATCHES.incrementAndGet() == minibatch) {
            halt();
        }
    }

    private void halt() {
        Path done = Path.of(file);
        if (!Files.exists(done)) {
            try {
                Files.createFile(done);
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
            Runtime.getRuntime().halt(137);
        }
    }

    @Override
    public void postUpdate(DataSet batch, Model model) {}

    @Override
    public void preUpdate(MultiDataSet batch, Model model) {}

    @Override
    public void postUpdate(MultiDataSet batch, Model model) {}
}
