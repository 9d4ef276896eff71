package org.lowrank4j.tests.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lowrank4j.tests.ForkedJvm;
import org.lowrank4j.tests.ForkedJvm.Run;
import org.lowrank4j.tests.agent.program.AnnotatedJob;
import org.lowrank4j.tests.agent.program.Training;

/** Of all classes that a job loads, the agent changes those of its catalogue, layers and vertices, and no other. */
class UnchangedClassesIT {

    private static final Set<String> CATALOGUE = Set.of(
            "org/deeplearning4j/nn/graph/ComputationGraph",
            "org/deeplearning4j/nn/layers/BaseLayer",
            "org/deeplearning4j/nn/layers/BaseOutputLayer",
            "org/deeplearning4j/nn/multilayer/MultiLayerNetwork",
            "org/deeplearning4j/nn/updater/MultiLayerUpdater",
            "org/deeplearning4j/nn/updater/UpdaterCreator",
            "org/deeplearning4j/nn/updater/graph/ComputationGraphUpdater",
            "org/deeplearning4j/optimize/solvers/BaseOptimizer",
            "org/deeplearning4j/optimize/solvers/StochasticGradientDescent",
            "org/deeplearning4j/util/ModelSerializer");

    @TempDir
    Path folder;

    @Test
    void onlyTheCatalogueChanges() throws IOException {
        Path hashing = HashingAgent.jar(folder);
        Run stock = ForkedJvm.of(Training.class)
                .withOptions("-javaagent:" + hashing + "=" + folder.resolve("stock"))
                .run()
                .succeeded();
        Run run = ForkedJvm.of(Training.class)
                .withAgent("")
                .withOptions("-javaagent:" + hashing + "=" + folder.resolve("agent"))
                .run()
                .succeeded();

        assertEquals(stock.results(), run.results());
        Set<String> changed = changed("stock", "agent");
        assertFalse(changed.isEmpty());
        assertTrue(changed.stream().allMatch(UnchangedClassesIT::isOfCatalogue), changed::toString);
        assertTrue(changed.containsAll(Set.of(
                "org/deeplearning4j/nn/graph/ComputationGraph",
                "org/deeplearning4j/nn/layers/BaseLayer",
                "org/deeplearning4j/nn/multilayer/MultiLayerNetwork")));
    }

    @Test
    void ofTheUsersClassesOnlyThoseWithAnnotatedFieldsChange() throws IOException {
        Path hashing = HashingAgent.jar(folder);
        for (String mode : new String[] {"stock", "agent"}) {
            ForkedJvm jvm = ForkedJvm.of(AnnotatedJob.class);
            if (mode.equals("agent")) {
                jvm.withAgent("");
            }
            jvm.withOptions("-javaagent:" + hashing + "=" + folder.resolve(mode))
                    .run()
                    .succeeded();
        }

        Set<String> changed = changed("stock", "agent");
        changed.removeIf(UnchangedClassesIT::isOfCatalogue);
        assertEquals(Set.of("org/lowrank4j/tests/agent/program/AnnotatedJob"), changed);
    }

    /** Those of layers and vertices are changed if they have a backward pass. */
    private static boolean isOfCatalogue(String name) {
        return CATALOGUE.contains(name)
                || name.startsWith("org/deeplearning4j/nn/layers/")
                || name.startsWith("org/deeplearning4j/nn/graph/vertex/");
    }

    /** The classes that both runs have loaded, in different shape. */
    private Set<String> changed(String stock, String agent) throws IOException {
        Map<String, String> before = HashingAgent.read(folder.resolve(stock));
        Map<String, String> after = HashingAgent.read(folder.resolve(agent));
        assertTrue(before.size() > 500, "only " + before.size() + " classes seen");
        Set<String> changed = new TreeSet<>(before.keySet());
        changed.retainAll(after.keySet());
        changed.removeIf(name -> before.get(name).equals(after.get(name)));
        // Proxies of annotations are numbered as they are made: with one more, the same name is another class.
        changed.removeIf(name -> name.startsWith("jdk/proxy"));
        return changed;
    }
}
