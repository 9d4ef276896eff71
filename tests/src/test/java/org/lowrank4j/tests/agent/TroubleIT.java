package org.lowrank4j.tests.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import net.bytebuddy.ByteBuddy;
import net.bytebuddy.asm.MemberRemoval;
import net.bytebuddy.dynamic.ClassFileLocator;
import net.bytebuddy.matcher.ElementMatchers;
import net.bytebuddy.pool.TypePool;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;
import org.lowrank4j.tests.ForkedJvm;
import org.lowrank4j.tests.ForkedJvm.Run;
import org.lowrank4j.tests.agent.program.Hello;
import org.lowrank4j.tests.agent.program.Training;

/** When something is wrong: one line and the job as stock, or an exception that says how to go on. */
class TroubleIT {

    private static List<String> stock;

    @TempDir
    Path folder;

    private final ForkedJvm training = ForkedJvm.of(Training.class);

    @BeforeAll
    static void runWithoutTheAgent() {
        stock = ForkedJvm.of(Training.class).run().succeeded().results();
    }

    @Test
    void aSecondAgentStepsAside() {
        Run one = ForkedJvm.of(Training.class).withAgent("rank=2").run().succeeded();
        Run two = training.withAgent("rank=2").withAgent("rank=2").run().succeeded();

        assertTrue(two.lowrankLines().get(0).contains("the agent already runs in this JVM"), two::toString);
        assertEquals(one.results(), two.results());
    }

    /** Its arguments are what the user wrote, and cannot be had. */
    @Test
    void aSecondAgentWithOtherArgumentsStopsTraining() {
        Run run = training.withAgent("rank=2").withAgent("rank=4").run().failed();

        assertTrue(run.err().contains("ERROR: training stops. -javaagent is given twice"), run::toString);
    }

    /** A method learns of its options in the first step, and says what is wrong, what is right, and where it was written. */
    @Test
    void anOptionThatItsMethodRefusesStopsTheFirstStep() {
        Run run = training.withAgent("rank=2,gradient=galore,galore.refresh=0")
                .run()
                .failed();

        assertTrue(run.err().contains("galore.refresh=0 is refused"), run::toString);
        assertTrue(run.err().contains("a whole number above 0"), run::toString);
        assertTrue(run.err().contains("is set by agent argument galore.refresh"), run::toString);
    }

    @Test
    void anArgumentThatCannotBeReadIsNamed() {
        Run run = training.withAgent("rank 4").run().failed();

        assertTrue(
                run.err().contains("ERROR: training stops. agent argument 'rank 4' is refused because it is not key="),
                run::toString);
    }

    @Test
    void disabledItDoesNothing() {
        for (Run run : new Run[] {
            training.withAgent("rank=2,enabled=false").run(),
            ForkedJvm.of(Training.class)
                    .withAgent("rank=2")
                    .withOptions("-Dlowrank.mode=off")
                    .run(),
            ForkedJvm.of(Training.class)
                    .withAgent("rank=2")
                    .withEnvironment("LOWRANK_ENABLED", "false")
                    .run()
        }) {
            assertEquals(stock, run.succeeded().results());
            assertEquals(List.of(), run.lowrankLines());
        }
    }

    /** Blanks count as little as they do elsewhere, and a program that trains nothing is not stopped. */
    @Test
    void aRuleThatCannotBeReadStopsTrainingAndNothingElse() {
        for (String arguments : new String[] {"rank=many", "rank=2,rank=4", "ranc = 2, alpha = 8"}) {
            Run run = ForkedJvm.of(Training.class).withAgent(arguments).run().failed();

            assertTrue(run.err().contains("lowrank4j: ERROR: training stops. "), run::toString);
        }
        ForkedJvm.of(Hello.class).withAgent("rank=many,strict=true").run().succeeded();
        Run blanks = training.withAgent("rank = 2, alpha = 8").run().succeeded();
        assertTrue(blanks.err().contains("by agent arguments (rank, alpha)"), blanks::toString);
    }

    @Test
    void aHookThatThrowsStopsTheJob() {
        Run run = training.withAgent("layers=nosuch").run().failed();

        assertTrue(run.err().contains("nosuch"), run::toString);
        assertTrue(run.err().contains("org.lowrank4j.LowRankException"), run::toString);
    }

    @Test
    void aDeeplearning4jOfAnotherShapeRunsAsStock() throws IOException {
        Run stock =
                ForkedJvm.of(Training.class).withClassPath(otherShape()).run().succeeded();
        Run run = training.withClassPath(otherShape()).withAgent("rank=2").run().succeeded();

        assertEquals(1, run.lowrankLines().size(), run::toString);
        String line = run.lowrankLines().get(0);
        assertTrue(
                line.contains("has no method org.deeplearning4j.nn.layers.BaseLayer.calcRegularizationScore(Z)D"),
                line);
        assertTrue(line.contains("made for 1.0.0-M2.1"), line);
        assertEquals(stock.results(), run.results());
    }

    @Test
    void aDeeplearning4jOfAnotherShapeStopsAStrictJob() throws IOException {
        Run run = training.withClassPath(otherShape())
                .withAgent("rank=2,strict=true")
                .run()
                .failed();

        assertTrue(run.err().contains("strict=true"), run::toString);
        assertFalse(run.out().contains("result "), run::toString);
    }

    /** The agent's jar has no permissions of its own then: not even to find out where it is. */
    @Test
    @EnabledForJreRange(max = JRE.JAVA_21)
    void aSecurityManagerLeavesTheJobToItself() throws IOException {
        Path policy = folder.resolve("policy");
        URL program = Hello.class.getProtectionDomain().getCodeSource().getLocation();
        Files.writeString(policy, "grant codeBase \"" + program + "-\" { permission java.security.AllPermission; };");
        for (String arguments : new String[] {"", "rank=2", "rank=2,verbose=true"}) {
            Run run = ForkedJvm.of(Hello.class)
                    .withAgent(arguments)
                    .withOptions("-Djava.security.manager", "-Djava.security.policy=" + policy)
                    .run()
                    .succeeded();

            assertTrue(run.err().contains("the job runs without it"), run::toString);
        }
    }

    /** A class path with a BaseLayer that lacks a method, in front. */
    private String otherShape() throws IOException {
        String name = "org.deeplearning4j.nn.layers.BaseLayer";
        ClassFileLocator locator = ClassFileLocator.ForClassLoader.of(getClass().getClassLoader());
        new ByteBuddy()
                .redefine(TypePool.Default.of(locator).describe(name).resolve(), locator)
                .visit(new MemberRemoval().stripMethods(ElementMatchers.named("calcRegularizationScore")))
                .make()
                .saveIn(folder.toFile());
        return folder + File.pathSeparator + ForkedJvm.classPath(entry -> !ForkedJvm.isPlugin(entry));
    }
}
