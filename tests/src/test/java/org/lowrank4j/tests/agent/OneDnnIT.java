package org.lowrank4j.tests.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.tests.ForkedJvm;
import org.lowrank4j.tests.ForkedJvm.Run;
import org.lowrank4j.tests.agent.program.Convolutions;

/** Trainings with oneDNN on the class path, which a JVM of the tests has not: they go on to the bit, by the other engine nearly so. */
@EnabledOnOs(value = OS.LINUX, architectures = "amd64")
class OneDnnIT {

    private static final String OWN = "convolutions by lowrank4j's own engine";
    private static final String ONEDNN = "convolutions by oneDNN 2.5.2";

    @TempDir
    Path directory;

    private Run run(String what, String convolution, String threads, String... jars) {
        return ForkedJvm.of(Convolutions.class)
                .withClassPath(Stream.concat(
                                Stream.of(jars)
                                        .map(name -> ForkedJvm.neighbour(name + ".jar")
                                                .toString()),
                                Stream.of(ForkedJvm.classPath(entry -> !ForkedJvm.isPlugin(entry))))
                        .collect(Collectors.joining(File.pathSeparator)))
                .withEnvironment("OMP_NUM_THREADS", threads)
                .withAgent(convolution)
                .withArguments(what, directory.toString())
                .run()
                .succeeded();
    }

    private Run withOneDnn(String what, String convolution, String threads) {
        return run(what, convolution, threads, "dnnl", "dnnl-linux-x86_64", "opencl", "opencl-linux-x86_64");
    }

    private static List<String> said(Run run, String words) {
        return run.err().lines().filter(line -> line.contains(words)).toList();
    }

    private static void assertExact(Run run) {
        assertEquals(
                List.of("result lora 0.0", "result lora.threads 0.0", "result galore 0.0", "result galore.threads 0.0"),
                run.results(),
                run::toString);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "2"})
    void aTrainingGoesOnToTheBitAndByTheOtherEngineWithinRounding(String threads) {
        assertExact(withOneDnn("train", "", threads));
        Run resumed = withOneDnn("resume", "convolution=onednn", threads);
        assertTrue(said(resumed, OWN).isEmpty(), resumed::toString);
        assertTrue(said(resumed, ONEDNN).size() > 1, resumed::toString);
        assertExact(resumed);

        Run other = withOneDnn("resume", "convolution=portable", threads);
        assertTrue(said(other, ONEDNN).isEmpty(), other::toString);
        assertTrue(said(other, OWN).size() > 1, other::toString);
        for (String method : List.of("lora", "galore")) {
            double difference = Double.parseDouble(other.result(method));
            assertTrue(difference > 0 && difference < 1e-5, other::toString);
        }
    }

    @Test
    void whereItDoesNotLoadThatIsSaidOnceAndTrainingsGoOn() {
        Run run = run("train", "", "1", "dnnl");
        assertEquals(1, said(run, "oneDNN does not load (").size(), run::toString);
        assertTrue(said(run, OWN).size() > 1, run::toString);
        assertExact(run);
    }
}
