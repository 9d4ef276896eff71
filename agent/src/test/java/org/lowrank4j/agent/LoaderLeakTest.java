package org.lowrank4j.agent;

import static org.junit.jupiter.api.Assertions.assertNull;

import java.lang.ref.WeakReference;
import java.lang.reflect.Method;
import java.nio.file.Path;
import net.bytebuddy.ByteBuddy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lowrank4j.agent.sample.Target;
import org.lowrank4j.agent.sample.TargetBase;
import org.lowrank4j.agent.weave.SampleWeaver;

class LoaderLeakTest {

    @TempDir
    Path folder;

    /** With hooks of the class path, and with hooks in a loader of their own on top of it. */
    @Test
    void aDiscardedDeeplearning4jCanBeCollected() throws Exception {
        for (String plugin : new String[] {"1", null}) {
            Path jar = SampleJar.write(
                    folder.resolve("agent.jar"),
                    "inst/plugin.jar",
                    "org.lowrank4j.hook.Activation",
                    "org.lowrank4j.hook.SampleHooks");
            try (TestAgent agent = new TestAgent("", jar).started()) {
                WeakReference<ClassLoader> discarded = useAndDiscard(plugin);
                for (int i = 0; i < 50 && discarded.get() != null; i++) {
                    System.gc();
                    Thread.sleep(10);
                }
                assertNull(discarded.get(), "plugin on the class path: " + plugin);
            }
        }
    }

    private static WeakReference<ClassLoader> useAndDiscard(String plugin) throws Exception {
        String name = Target.class.getName();
        ChildFirstLoader loader = new ChildFirstLoader().withPlugin(plugin).with(TargetBase.class);
        loader.with(
                "org.deeplearning4j.nn.multilayer.MultiLayerNetwork",
                new ByteBuddy()
                        .subclass(Object.class)
                        .name("org.deeplearning4j.nn.multilayer.MultiLayerNetwork")
                        .make()
                        .getBytes());
        loader.with(name, SampleWeaver.weavePrepare(loader, name));
        LoaderState.of(loader).weavingFailed("something");
        Class<?> target = loader.loadClass(name);
        Method prepare = target.getMethod("prepare");
        prepare.invoke(target.getDeclaredConstructor().newInstance());
        return new WeakReference<>(loader);
    }
}
