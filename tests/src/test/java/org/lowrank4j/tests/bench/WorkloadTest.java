package org.lowrank4j.tests.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

    @ParameterizedTest
    @ValueSource(
            strings = {"conv", "conv-frozen", "depthwise", "depthwise-frozen", "batchnorm-frozen", "lstm", "embedding"})
    void everyNetworkTrainsAndHasAFloor(String network) {
        Workload small = new Workload(network, 8, 2, 1, 2, "adam", "dataset", 5, 3);
        assertEquals(small, Workload.parse(small.arguments()));
        assertEquals(3, Worker.run(new TrainingStep(small, false), 0).steps());
        new GemmFloor(small).run();
    }

    @Test
    void mobileNetIsThePublishedOne() {
        ComputationGraph network = (ComputationGraph)
                BenchmarkNetworks.of(Workloads.budgeted("mobilenetv2").get(0), false);
        // 2,223,872 below the head in the paper's network, and two running statistics of each of its 17,056 channels.
        assertEquals(2_223_872 + 2 * 17_056 + 1281 * 10, network.numParams());
    }

    @Test
    void labelsAndRules() {
        Workload frozen = Workloads.budgeted("conv-frozen").get(1);
        assertEquals("conv-frozen 1x1 2x64 of 32x32 batch 32 rank 8 adam iterator", frozen.label());
        assertEquals("=rank=8,layers=layer0", frozen.rule());
        Workload table = Workloads.budgeted("embedding").get(0);
        assertEquals("embedding 1x256 of 20000 batch 32 rank 8 adam iterator", table.label());
        assertEquals("=rank=8,layers=type:EmbeddingSequenceLayer", table.rule());
        assertEquals(3, frozen.minibatches());
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
        assertEquals(0.36, Budgets.of(CENTRE.withBatch(256), "lora", "stock"));
        assertEquals(0.20, Budgets.of(CENTRE.withNetwork("cg").withFit("dataset"), "lora", "stock"));
        assertEquals(0.14, Budgets.of(CENTRE.withBatch(8), "lora", "stock"));
        assertEquals(1.25, Budgets.of(CENTRE.withBatch(256), "lora", "gemm"));
        assertEquals(1.0, Budgets.of(CENTRE, "lora", "torch"));
        Workload recurrent = Workloads.budgeted("lstm").get(0);
        assertEquals(0.40, Budgets.of(recurrent, "lora", "stock"));
        Workload convolutions = Workloads.budgeted("conv").get(0);
        assertEquals(0.16, Budgets.of(convolutions, "lora", "stock"));
        assertEquals(0.08, Budgets.of(convolutions, "lora-onednn", "stock"));
        assertEquals(1.0, Budgets.of(convolutions, "lora-onednn-avx2", "torch-avx2"));
        assertNone(convolutions, "lora", "torch");
        assertNone(recurrent.withBatch(8), "lora", "stock");
        assertNone(CENTRE, "lora", "gemm");
        assertNone(CENTRE.withRank(64), "lora", "stock");
        assertNone(CENTRE.withUpdater("sgd"), "lora", "stock");
    }

    private static void assertNone(Workload workload, String ours, String other) {
        assertTrue(Double.isNaN(Budgets.of(workload, ours, other)));
    }
}
