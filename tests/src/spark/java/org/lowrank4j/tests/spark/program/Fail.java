package org.lowrank4j.tests.spark.program;

import org.apache.spark.TaskContext;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.spark.api.TrainingHook;
import org.nd4j.linalg.dataset.api.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/** Throws in the worker of the second partition, however often it is tried. */
final class Fail implements TrainingHook {

    static final String MESSAGE = "the user's";

    private static final long serialVersionUID = 1L;

    @Override
    public void preUpdate(DataSet batch, Model model) {
        fail();
    }

    private static void fail() {
        if (TaskContext.getPartitionId() == 1) {
            throw new IllegalStateException(MESSAGE);
        }
    }

    @Override
    public void postUpdate(DataSet batch, Model model) {}

    @Override
    public void preUpdate(MultiDataSet batch, Model model) {
        fail();
    }

    @Override
    public void postUpdate(MultiDataSet batch, Model model) {}
}
