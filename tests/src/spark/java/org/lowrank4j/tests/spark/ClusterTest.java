package org.lowrank4j.tests.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.tests.ForkedJvm;
import org.lowrank4j.tests.ForkedJvm.Run;
import org.lowrank4j.tests.spark.program.AveragingJob;

/** Jobs on a cluster of two workers, each in a process of its own. */
@Tag("spark")
class ClusterTest {

    @TempDir
    static Path folder;

    private static @Nullable StandaloneCluster cluster;

    @BeforeAll
    static void start() throws IOException {
        cluster = StandaloneCluster.withDl4j(folder, 2);
    }

    @AfterAll
    static void end() {
        if (cluster != null) {
            cluster.close();
        }
    }

    private static ForkedJvm job(String... executorOptions) {
        return Objects.requireNonNull(cluster).job(AveragingJob.class, executorOptions)
                .withOptions("-Dspark.executor.extraClassPath=" + ForkedJvm.classPath(entry -> entry.endsWith("test-classes")));
    }

    /** An average of SGD's steps is a step on the average of the gradients. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void learnsAsOneMachineDoes(boolean graph) {
        Run run = job().withArguments("serializers=java,kryo", "graph=" + graph).run().succeeded();
        for (String serializer : List.of("java", "kryo")) {
            double difference = Double.parseDouble(run.result(serializer + ".difference"));
            assertTrue(difference <= 1e-12, run::toString);
            assertTrue(Double.parseDouble(run.result(serializer + ".moved")) > 1e-3, run::toString);
        }
    }

    @Test
    void anExecutorThatEndsInTheMiddleOfARoundChangesNothing() {
        Path halted = folder.resolve("halted");
        Run whole = job().withArguments("frequency=2", "updater=adam").run().succeeded();
        Run broken = job().withArguments("frequency=2", "updater=adam", "halt=" + halted)
                .run()
                .succeeded();
        assertTrue(Files.exists(halted), "no executor was ended");
        assertEquals(whole.result("java.parameters"), broken.result("java.parameters"));
    }
}
