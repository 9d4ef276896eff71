package org.lowrank4j.agent.weave;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URL;
import java.nio.file.Path;
import net.bytebuddy.ByteBuddy;
import net.bytebuddy.asm.MemberRemoval;
import net.bytebuddy.dynamic.ClassFileLocator;
import net.bytebuddy.matcher.ElementMatchers;
import net.bytebuddy.pool.TypePool;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.lowrank4j.agent.ChildFirstLoader;
import org.lowrank4j.agent.LoaderState;
import org.lowrank4j.agent.TestAgent;
import org.lowrank4j.agent.sample.Fields;

class WeaverTest {

    private static final String CREATOR = "org/deeplearning4j/nn/updater/UpdaterCreator";

    private final TestAgent agent = new TestAgent("verbose=true", Path.of("no.jar"));
    private final ChildFirstLoader loader = new ChildFirstLoader();

    @Test
    void saysOnceWhatItAdapts() {
        Weaver weaver = new Weaver(agent.banner(), "1", false);

        assertNotNull(weaver.weaveTarget(loader, CREATOR, release()));
        assertNotNull(weaver.weaveTarget(loader, CREATOR, release()));
        assertEquals(1, agent.lines().split("adapts Deeplearning4j 1.0.0-M2.1", -1).length - 1);
        assertNull(LoaderState.of(loader).refusal());
    }

    @Test
    void weavesNothingIfAMemberIsMissing() {
        Weaver weaver = new Weaver(agent.banner(), "1", false);

        assertNull(weaver.weaveTarget(loader, CREATOR, otherShape()));
        assertNull(weaver.weaveTarget(loader, "org/deeplearning4j/util/ModelSerializer", release()));
        assertTrue(agent.lines().contains("has no method org.deeplearning4j.nn.updater.UpdaterCreator.getUpdater"));
        assertTrue(agent.lines().contains("made for " + TargetCatalog.VERSION));
        assertTrue(agent.lines().contains("The job runs as without lowrank4j."));
        assertNotNull(LoaderState.of(loader).refusal());
    }

    /** The gate says it, and networks train as stock with that reason. */
    @Test
    void aKindOfLayerIsLookedAtWhenItsClassIsLoaded() {
        Weaver weaver = new Weaver(agent.banner(), "1", false);
        String name = "org.deeplearning4j.nn.layers.recurrent.LSTM";
        byte[] changed = without(name, "tbpttBackpropGradient");

        assertNotNull(weaver.weaveTarget(loader, CREATOR, release()));
        IllegalStateException refused = assertThrows(
                IllegalStateException.class, () -> weaver.weaveTarget(loader, name.replace('.', '/'), changed));
        assertTrue(refused.getMessage().contains("has no method " + name + ".tbpttBackpropGradient"));
        assertNotNull(weaver.weaveTarget(loader, name.replace('.', '/'), ChildFirstLoader.classFile(name)));
    }

    @Test
    void weavesWhatFitsIfStrictSoThatItsHooksThrow() {
        Weaver weaver = new Weaver(agent.banner(), "1", true);

        byte[] without = weaver.weaveTarget(loader, CREATOR, otherShape());
        byte[] other = weaver.weaveTarget(
                loader,
                "org/deeplearning4j/util/ModelSerializer",
                ChildFirstLoader.classFile("org.deeplearning4j.util.ModelSerializer"));

        assertNull(without);
        assertNotNull(other);
        assertEquals(5, HookCalls.in(other).size());
        assertTrue(agent.lines().contains("strict=true stops the job."));
    }

    @Test
    void leavesGraphsAloneWhereThereIsNoDeeplearning4j() {
        ClassLoader noDeeplearning4j = new ClassLoader(loader) {
            @Override
            public @Nullable URL getResource(String name) {
                return name.startsWith("org/deeplearning4j/") ? null : super.getResource(name);
            }
        };
        TestAgent terse = new TestAgent("", Path.of("no.jar"));
        String graph = "org.nd4j.autodiff.samediff.SameDiff";
        byte[] classFile = ChildFirstLoader.classFile(graph);

        assertNull(new Weaver(terse.banner(), "1", true)
                .weaveTarget(noDeeplearning4j, graph.replace('.', '/'), classFile));
        assertEquals("", terse.lines());
        assertNull(LoaderState.of(noDeeplearning4j).refusal());
        assertNotNull(new Weaver(terse.banner(), "1", true).weaveTarget(loader, graph.replace('.', '/'), classFile));
    }

    @Test
    void leavesABootClassAlone() {
        assertNull(new Weaver(agent.banner(), "1", false).weaveTarget(null, CREATOR, release()));
        assertTrue(agent.lines().contains("boot class path"));
    }

    @Test
    void refusesALoaderThatHidesTheAgent() {
        ClassLoader hiding = new ClassLoader(ClassLoader.getPlatformClassLoader()) {};

        assertNull(new Weaver(agent.banner(), "1", false).weaveTarget(hiding, CREATOR, release()));
        assertTrue(agent.lines().contains("hides the agent's classes"));
    }

    @Test
    void weavesTheFieldsOfAUsersClassUnlessItsLoaderHidesTheAgent() {
        Weaver weaver = new Weaver(agent.banner(), "1", false);
        byte[] fields = ChildFirstLoader.classFile(Fields.class.getName());

        assertNotNull(weaver.weaveFields(loader, "com/acme/Fields", fields));
        assertTrue(agent.lines().contains("class com.acme.Fields is woven"));
        assertNull(weaver.weaveFields(ClassLoader.getPlatformClassLoader(), "com/acme/Fields", fields));
        assertTrue(agent.lines().contains("the fields with @LowRank in com.acme.Fields are not seen"));
    }

    @Test
    void checksALoaderWithoutWeaving() {
        Weaver weaver = new Weaver(agent.banner(), "1", false);

        assertTrue(weaver.fits(loader));
        assertFalse(weaver.fits(new ClassLoader(getClass().getClassLoader()) {
            @Override
            public java.io.InputStream getResourceAsStream(String name) {
                return null;
            }
        }));
    }

    private static byte[] release() {
        return ChildFirstLoader.classFile(CREATOR.replace('/', '.'));
    }

    /** The class without the method that has a hook. */
    private static byte[] otherShape() {
        return without(CREATOR.replace('/', '.'), "getUpdater");
    }

    private static byte[] without(String name, String method) {
        ClassFileLocator locator = ClassFileLocator.ForClassLoader.of(WeaverTest.class.getClassLoader());
        return new ByteBuddy()
                .redefine(TypePool.Default.of(locator).describe(name).resolve(), locator)
                .visit(new MemberRemoval().stripMethods(ElementMatchers.named(method)))
                .make()
                .getBytes();
    }
}
