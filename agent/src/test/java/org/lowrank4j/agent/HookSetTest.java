package org.lowrank4j.agent;

import static java.lang.invoke.MethodType.methodType;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.invoke.CallSite;
import java.lang.invoke.MethodType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HookSetTest {

    private static final MethodType FIND = methodType(Object.class, Object.class, Object.class);
    private static final MethodType ONE = methodType(Object.class, Object.class);

    @TempDir
    Path folder;

    private final ChildFirstLoader loader = new ChildFirstLoader().withPlugin("1");

    @Test
    void linksToThePluginOnTheClassPathOfTheSameVersion() throws Throwable {
        TestAgent agent = agent("verbose=true,rank=8");

        Object found = find(hooks(agent));

        assertNull(found);
        assertEquals(List.of("find[a, b]"), calls(loader));
        assertEquals(Map.of("verbose", "true", "rank", "8"), activation("options"));
        assertTrue(agent.lines().contains("hooks from the lowrank4j-plugin on the class path"), agent.lines());
        assertTrue(agent.lines().contains("rank=8 (agent argument)"), agent.lines());
    }

    @Test
    void linksToItsOwnCopyIfThereIsNoPlugin() throws Throwable {
        loader.withPlugin(null);
        TestAgent agent = agent("");

        find(hooks(agent));

        assertEquals(List.of(), calls(loader));
        assertEquals("", agent.lines());
    }

    @Test
    void warnsOfAPluginOfAnotherVersionAndUsesItsOwn() throws Throwable {
        loader.withPlugin("0.9");
        TestAgent agent = agent("");

        find(hooks(agent));

        assertEquals(List.of(), calls(loader));
        assertTrue(
                agent.lines().contains("has version 0.9, the agent has 1: the agent uses its own copy"), agent.lines());
    }

    @Test
    void activatesThePluginOnce() throws Throwable {
        HookSet hooks = hooks(agent(""));
        CountDownLatch start = new CountDownLatch(1);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            Thread thread = new Thread(() -> {
                try {
                    start.await();
                    find(hooks);
                } catch (Throwable failure) {
                    throw new AssertionError(failure);
                }
            });
            threads.add(thread);
            thread.start();
        }
        start.countDown();
        for (Thread thread : threads) {
            thread.join();
        }

        assertEquals(1, activation("count"));
    }

    @Test
    void tellsThePluginWhatCouldNotBeWoven() throws Throwable {
        find(hooks(agent("")));
        Supplier<?> problem = (Supplier<?>) activation("weavingProblem");

        assertNull(problem.get());
        LoaderState.of(loader).weavingFailed("first");
        LoaderState.of(loader).weavingFailed("second");
        assertEquals("first", problem.get());
    }

    @Test
    void tellsThePluginWhatClassesThatSeeItsDeeplearning4jAnnotate() throws Throwable {
        find(hooks(agent("")));
        Supplier<?> annotated = (Supplier<?>) activation("annotated");

        LoaderState.of(loader).annotated("class a.B");
        LoaderState.of(new ClassLoader(loader) {}).annotated("method a.C.train");
        LoaderState.of(new ChildFirstLoader()).annotated("class of.another.Application");
        assertEquals(Map.of("class a.B", "", "method a.C.train", ""), annotated.get());
    }

    @Test
    void tellsThePluginThatTheJvmEnds() throws Throwable {
        HookSet hooks = hooks(agent(""));
        find(hooks);

        hooks.ended();
        assertEquals(1, activation("ended"));
    }

    @Test
    void tellsThePluginWhatItCouldNotReadOfTheArguments() throws Throwable {
        find(hooks(agent("rank 8")));

        assertEquals(1, ((List<?>) activation("unreadable")).size());
    }

    @Test
    void doesNothingIfThePluginRefusesToStart() throws Throwable {
        during(() -> {
            throw new IllegalStateException("no rank");
        });
        TestAgent agent = agent("");
        HookSet hooks = hooks(agent);

        assertNull(find(hooks));
        assertNull(find(hooks));
        assertEquals(List.of(), calls(loader));
        assertEquals(
                "lowrank4j: WARNING: the plugin could not start: java.lang.IllegalStateException: no rank."
                        + " The job runs as without lowrank4j." + System.lineSeparator(),
                agent.lines());
    }

    @Test
    void throwsWhatThePluginThrewIfStrict() throws Throwable {
        IllegalStateException refusal = new IllegalStateException("no rank");
        during(() -> {
            throw refusal;
        });
        HookSet hooks = hooks(agent("strict=true"));

        assertSame(refusal, assertThrows(IllegalStateException.class, () -> find(hooks)));
        assertSame(refusal, assertThrows(IllegalStateException.class, () -> find(hooks)));
    }

    @Test
    void throwsAtTheFirstUseOfAnUnfitDeeplearning4jIfStrict() {
        LoaderState.of(loader).refuse("it has no method fit.");
        HookSet hooks = hooks(agent("strict=true"));

        assertEquals(
                "lowrank4j: it has no method fit. (strict=true)",
                assertThrows(IllegalStateException.class, () -> find(hooks)).getMessage());
    }

    @Test
    void doesNothingInAnUnfitDeeplearning4j() throws Throwable {
        LoaderState.of(loader).refuse("it has no method fit.");

        assertNull(find(hooks(agent(""))));
        assertEquals(0, activation("count"));
    }

    @Test
    void aHookThatIsMissingThrowsWithTheWayOut() {
        HookSet hooks = hooks(agent(""));
        for (String missing : List.of("SampleHooks.absent", "AbsentHooks.find", "SampleHooks.twice")) {
            IllegalStateException failure = assertThrows(
                    IllegalStateException.class,
                    () -> hooks.link(ONE, missing).getTarget().invoke((Object) "a"));
            assertTrue(failure.getMessage().contains(missing), failure.getMessage());
            assertTrue(failure.getMessage().contains("-Dlowrank.enabled=false"), failure.getMessage());
        }
    }

    @Test
    void aHookThatTheActivationItselfReachesLinksAfterwards() throws Throwable {
        HookSet hooks = hooks(agent(""));
        List<Object> seen = new ArrayList<>();
        CallSite[] inner = new CallSite[1];
        during(() -> {
            inner[0] = hooks.link(FIND, "SampleHooks.find");
            try {
                seen.add(inner[0].dynamicInvoker().invoke((Object) "in", (Object) "side"));
            } catch (Throwable failure) {
                throw new AssertionError(failure);
            }
        });

        find(hooks);
        loader.loadClass("org.lowrank4j.hook.SampleHooks").getField("answer").set(null, "answer");
        Object later = inner[0].dynamicInvoker().invoke((Object) "c", (Object) "d");

        assertEquals(1, seen.size());
        assertNull(seen.get(0));
        assertEquals("answer", later);
        assertEquals(List.of("find[a, b]", "find[c, d]"), calls(loader));
    }

    /** The stream is the application's where the agent comes late, and may wait for any of its threads. */
    @Test
    void printsWithoutALock() throws Throwable {
        HookSet[] hooks = new HookSet[1];
        List<Boolean> linked = new ArrayList<>();
        Runnable links = () -> {
            Thread other = new Thread(() -> hooks[0].link(FIND, "SampleHooks.find"));
            other.start();
            try {
                other.join(TimeUnit.SECONDS.toMillis(10));
            } catch (InterruptedException interrupted) {
                throw new AssertionError(interrupted);
            }
            linked.add(!other.isAlive());
        };
        loader.loadClass("org.lowrank4j.hook.Activation").getField("said").set(null, links);
        TestAgent agent = new TestAgent("verbose=true,rank=8", Path.of("no.jar"), links);
        hooks[0] = hooks(agent);

        find(hooks[0]);

        assertEquals(List.of(true, true, true, true), linked, agent.lines());
    }

    @Test
    void idleHooksReturnNothing() throws Throwable {
        CallSite site =
                HookSet.idle().link(methodType(void.class, Object.class), "FieldHooks.stored", HookSet.class, "f");

        site.dynamicInvoker().invoke((Object) "value");
        assertNull(
                HookSet.idle().link(ONE, "SampleHooks.absent").dynamicInvoker().invoke((Object) "a"));
    }

    private Object find(HookSet hooks) throws Throwable {
        return hooks.link(FIND, "SampleHooks.find").dynamicInvoker().invoke((Object) "a", (Object) "b");
    }

    private HookSet hooks(TestAgent agent) {
        return new HookSet(loader, agent.agent());
    }

    /** An agent whose jar holds a copy of the hooks. */
    private TestAgent agent(String arguments) {
        return new TestAgent(
                arguments,
                SampleJar.write(
                        folder.resolve("agent.jar"),
                        "inst/plugin.jar",
                        "org.lowrank4j.hook.Activation",
                        "org.lowrank4j.hook.SampleHooks"));
    }

    private void during(Runnable body) throws ReflectiveOperationException {
        loader.loadClass("org.lowrank4j.hook.Activation").getField("during").set(null, body);
    }

    private Object activation(String field) throws ReflectiveOperationException {
        return loader.loadClass("org.lowrank4j.hook.Activation").getField(field).get(null);
    }

    private static Object calls(ClassLoader hooks) throws ReflectiveOperationException {
        return hooks.loadClass("org.lowrank4j.hook.SampleHooks")
                .getField("CALLS")
                .get(null);
    }
}
