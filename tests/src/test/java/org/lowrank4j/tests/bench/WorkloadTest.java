package org.lowrank4j.tests.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class WorkloadTest {

    private static final Workload CENTRE = new Workload("mln", 1024, 32, 4, 8, "adam", "iterator");

    @Test
    void survivesTheCommandLine() {
        assertEquals(CENTRE, Workload.parse(CENTRE.arguments()));
        assertThrows(IllegalArgumentException.class, () -> Workload.parse(List.of("mln")));
        assertEquals("mln 4x1024 batch 32 rank 8 adam iterator", CENTRE.label());
    }

    @Test
    void fitsOfLargeNetworksHaveFewerMinibatches() {
        assertEquals(1, CENTRE.withFit("dataset").minibatches());
        assertEquals(30, CENTRE.minibatches());
        assertEquals(50, CENTRE.withBatch(8).minibatches());
        assertEquals(10, CENTRE.withWidth(4096).minibatches());
    }

    @Test
    void networksOfConvolutions() {
        Workload patches = CENTRE.withNetwork("cnn").withWidth(8);
        assertEquals(72, patches.inputs());
        assertEquals(32 * 16 * 16, patches.rows());
        Workload pixels = patches.withNetwork("depthwise");
        assertEquals(8, pixels.inputs());
        assertEquals(patches.rule(), pixels.rule());
        assertEquals(15, new TrainingStep(pixels.withBatch(64).withWidth(64), false).steps());
    }

    @Test
    void embeddings() {
        Workload table = CENTRE.withNetwork("embedding").withWidth(500);
        assertEquals(32 * 32, table.rows());
        assertEquals("=rank=8,layers=type:EmbeddingSequenceLayer", table.rule());
        TrainingStep fit = new TrainingStep(table.withFit("dataset"), false);
        assertEquals(3, Worker.run(fit, 0).steps());
        new GemmFloor(table).run();
    }

    @Test
    void aFitOfAnIteratorCountsItsSteps() {
        Workload tiny = new Workload("cg", 8, 4, 2, 2, "sgd", "iterator");
        TrainingStep fit = new TrainingStep(tiny, false);
        assertEquals(50, fit.steps());
        assertEquals(50, Worker.run(fit, 0).steps());
        assertEquals(
                3,
                Worker.run(new TrainingStep(tiny.withFit("dataset"), false), 0).steps());
    }

    @Test
    void budgetsAreThoseOfTheDesign() {
        assertEquals(0.42, StepBenchmark.budget(CENTRE.withBatch(256), "stock"));
        assertEquals(0.33, StepBenchmark.budget(CENTRE.withNetwork("cg").withFit("dataset"), "stock"));
        assertEquals(0.22, StepBenchmark.budget(CENTRE.withBatch(8), "stock"));
        assertEquals(1.25, StepBenchmark.budget(CENTRE.withBatch(256), "gemm"));
        assertEquals(1.0, StepBenchmark.budget(CENTRE, "torch-lora"));
        Workload recurrent = CENTRE.withNetwork("lstm").withWidth(256);
        assertEquals(0.40, StepBenchmark.budget(recurrent, "stock"));
        assertTrue(Double.isNaN(StepBenchmark.budget(recurrent.withBatch(8), "stock")));
        assertTrue(Double.isNaN(StepBenchmark.budget(CENTRE.withBatch(8), "torch-lora")));
        assertTrue(Double.isNaN(StepBenchmark.budget(CENTRE, "gemm")));
        assertTrue(Double.isNaN(StepBenchmark.budget(CENTRE.withRank(64), "stock")));
        assertTrue(Double.isNaN(StepBenchmark.budget(CENTRE.withUpdater("sgd"), "stock")));
    }
}
