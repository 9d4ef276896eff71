package org.lowrank4j.agent.weave;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import net.bytebuddy.utility.OpenedClassReader;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.agent.ChildFirstLoader;
import org.lowrank4j.agent.TestAgent;
import org.lowrank4j.agent.sample.Target;
import org.lowrank4j.agent.sample.TargetBase;
import org.lowrank4j.agent.weave.Hook.Kind;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/** Weaves a sample class in every way and runs it. */
class TargetWeaverTest {

    private static final String TARGET = "org/lowrank4j/agent/sample/Target";
    private static final String OBJECT = "Ljava/lang/Object;";
    private static final Value THIS = new Value.This();
    private static final Value MODEL = new Value.Field("org/lowrank4j/agent/sample/TargetBase", "model", OBJECT);

    private TestAgent agent;
    private ChildFirstLoader loader;
    private Class<?> hooks;

    @BeforeEach
    void startAgent() throws ClassNotFoundException {
        agent = new TestAgent("", Path.of("no.jar")).started();
        loader = new ChildFirstLoader().withPlugin("1").with(TargetBase.class);
        // Hooks are kept with this class; an empty one will do.
        loader.with("org.deeplearning4j.nn.multilayer.MultiLayerNetwork", anchor());
        hooks = loader.loadClass("org.lowrank4j.hook.SampleHooks");
    }

    @AfterEach
    void stopAgent() {
        agent.close();
    }

    @Test
    void skipsTheBodyIfTheHookReturnsAValue() throws Exception {
        Object target = woven(enter("find", "(" + OBJECT + ")" + OBJECT, "SampleHooks.find", THIS, argument(0)));

        assertEquals("body key", call(target, "find", "key"));
        answer("hook");
        assertEquals("hook", call(target, "find", "key"));
        assertEquals(List.of("find[target, key]", "find[target, key]"), calls());
    }

    @Test
    void unboxesABooleanAndPassesPrimitivesAndFields() throws Exception {
        Object target = woven(enter(
                "step",
                "(Ljava/lang/String;ZI)Z",
                "SampleHooks.step",
                THIS,
                argument(0),
                argument(1),
                argument(2),
                MODEL));

        assertEquals(false, call(target, "step", "text", true, 3));
        answer(true);
        assertEquals(true, call(target, "step", "text", true, 3));
        assertEquals("step[target, text, true, 3, model]", calls().get(0));
    }

    @Test
    void unboxesADouble() throws Exception {
        Object target = woven(enter("score", "(Z)D", "SampleHooks.score", THIS, argument(0)));

        assertEquals(1.5, call(target, "score", true));
        answer(2.25);
        assertEquals(2.25, call(target, "score", true));
    }

    @Test
    void skipsAVoidBody() throws Exception {
        Object target = woven(enter("prepare", "()V", "SampleHooks.prepare", THIS));

        call(target, "prepare");
        answer(true);
        call(target, "prepare");
        assertEquals(1, bodies(target));
        assertEquals(2, calls().size());
    }

    @Test
    void weavesAStaticMethod() throws Exception {
        Object target = woven(enter("create", "(" + OBJECT + ")Ljava/lang/String;", "SampleHooks.create", argument(0)));

        assertEquals("body m", call(target, "create", "m"));
        answer("hook");
        assertEquals("hook", call(target, "create", "m"));
    }

    @Test
    void refusesAResultOfTheWrongType() throws Exception {
        Object target = woven(enter("create", "(" + OBJECT + ")Ljava/lang/String;", "SampleHooks.create", argument(0)));
        answer(7);

        assertThrows(ClassCastException.class, () -> call(target, "create", "m"));
    }

    @Test
    void neverSkipsForAHookWithoutResult() throws Exception {
        Object target = woven(enter("find", "(" + OBJECT + ")" + OBJECT, "SampleHooks.observe", THIS, argument(0)));
        answer("unused");

        assertEquals("body key", call(target, "find", "key"));
        assertEquals(List.of("observe[target, key]"), calls());
    }

    @Test
    void passesTheResultAtTheExit() throws Exception {
        Object target = woven(hook(
                Kind.EXIT, "copy", "()L" + TARGET + ";", List.of("SampleHooks.copied"), THIS, new Value.Returned()));

        Object copy = call(target, "copy");
        assertEquals(target.getClass(), copy.getClass());
        assertEquals(List.of("copied[target, target]"), calls());
    }

    @Test
    void runsAtEveryNormalExit() throws Exception {
        Object target = woven(hook(Kind.EXIT, "init", "(Z)V", List.of("SampleHooks.initialised"), THIS));

        call(target, "init", true);
        call(target, "init", false);
        assertEquals(List.of("initialised[target]", "initialised[target]"), calls());
    }

    @Test
    void runsAroundANormalReturn() throws Exception {
        Object target = woven(around());

        assertEquals("body", call(target, "backward", false));
        assertEquals(List.of("begins[target]", "ends[target, token, null]"), calls());
    }

    @Test
    void runsAroundAnException() throws Exception {
        Object target = woven(around());

        IllegalArgumentException thrown =
                assertThrows(IllegalArgumentException.class, () -> call(target, "backward", true));
        assertEquals("body failed", thrown.getMessage());
        assertEquals(List.of("begins[target]", "ends[target, token, body failed]"), calls());
    }

    /** Each return of a method with loops, catch blocks and two-slot variables. */
    @Test
    void runsOnceAroundEveryEnd() throws Exception {
        for (String end : List.of("return", "loop", "caught", "finally", "throw")) {
            loader = new ChildFirstLoader().withPlugin("1").with(TargetBase.class);
            loader.with("org.deeplearning4j.nn.multilayer.MultiLayerNetwork", anchor());
            hooks = loader.loadClass("org.lowrank4j.hook.SampleHooks");
            Object target = woven(hook(
                    Kind.AROUND,
                    "ends",
                    "(JLjava/lang/String;D)J",
                    List.of("SampleHooks.begins", "SampleHooks.ends"),
                    THIS));

            String message = null;
            try {
                Object returned = call(target, "ends", 3L, end, 0.5);
                assertEquals(new Target().ends(3, end, 0.5), returned, end);
            } catch (IllegalStateException thrown) {
                message = thrown.getMessage();
            }
            assertEquals(end.equals("throw") ? "thrown" : null, message, end);
            assertEquals(List.of("begins[target]", "ends[target, token, " + message + "]"), calls(), end);
        }
    }

    /** As in the catalogue's rows for {@code ComputationGraph.fit}. */
    @Test
    void ofTwoHooksTheFirstIsOutside() throws Exception {
        Object target = woven(enter("backward", "(Z)" + OBJECT, "SampleHooks.find", THIS, argument(0)), around());

        assertEquals("body", call(target, "backward", false));
        answer("hook");
        assertEquals("hook", call(target, "backward", false));
        assertEquals(
                List.of("find[target, false]", "begins[target]", "ends[target, token, null]", "find[target, false]"),
                calls());
    }

    @Test
    void anEntryInsideIsSeenByTheOneAround() throws Exception {
        Object target = woven(around(), enter("backward", "(Z)" + OBJECT, "SampleHooks.find", THIS, argument(0)));

        answer("hook");
        assertEquals("hook", call(target, "backward", true));
        assertEquals(List.of("begins[target]", "find[target, true]", "ends[target, token, null]"), calls());
    }

    @Test
    void refusesWhatAnExitCannotPass() {
        Hook changed = hook(Kind.EXIT, "init", "(Z)V", List.of("SampleHooks.initialised"), argument(0));
        Hook primitive = hook(Kind.EXIT, "score", "(Z)D", List.of("SampleHooks.initialised"), new Value.Returned());

        assertThrows(IllegalArgumentException.class, () -> woven(changed));
        assertThrows(IllegalArgumentException.class, () -> woven(primitive));
    }

    @Test
    void passesOnWhatAHookThrows() throws Exception {
        Object target = woven(enter("prepare", "()V", "SampleHooks.fails", THIS));

        assertEquals(
                "hook failed",
                assertThrows(UnsupportedOperationException.class, () -> call(target, "prepare"))
                        .getMessage());
        assertEquals(0, bodies(target));
    }

    @Test
    void weavesSeveralMethodsOfAClass() throws Exception {
        Object target = woven(
                around(),
                enter("prepare", "()V", "SampleHooks.prepare", THIS),
                enter("score", "(Z)D", "SampleHooks.score", THIS, argument(0)));

        call(target, "backward", false);
        call(target, "prepare");
        call(target, "score", false);
        assertEquals(
                List.of("begins[target]", "ends[target, token, null]", "prepare[target]", "score[target, false]"),
                calls());
    }

    /** What the JVM demands of a class that is woven again after it was loaded. */
    @Test
    void addsNoMember() throws Exception {
        Object target = woven(around(), enter("prepare", "()V", "SampleHooks.prepare", THIS));

        assertArrayEquals(members(Target.class), members(target.getClass()));
        assertArrayEquals(Target.class.getInterfaces(), target.getClass().getInterfaces());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "org/deeplearning4j/nn/multilayer/MultiLayerNetwork",
                "org/deeplearning4j/nn/graph/ComputationGraph",
                "org/deeplearning4j/optimize/solvers/BaseOptimizer",
                "org/deeplearning4j/optimize/solvers/StochasticGradientDescent",
                "org/deeplearning4j/nn/updater/UpdaterCreator",
                "org/deeplearning4j/nn/updater/MultiLayerUpdater",
                "org/deeplearning4j/nn/updater/graph/ComputationGraphUpdater",
                "org/deeplearning4j/nn/layers/BaseLayer",
                "org/deeplearning4j/nn/layers/BaseOutputLayer",
                "org/deeplearning4j/nn/layers/normalization/BatchNormalization",
                "org/deeplearning4j/util/ModelSerializer"
            })
    void putsAllHooksOfTheCatalogueIntoTheRelease(String owner) {
        String name = owner.replace('/', '.');
        byte[] woven = TargetWeaver.weave(ChildFirstLoader.classFile(name), TargetCatalog.hooksOf(owner));

        Set<String> ofLayers = methods(ChildFirstLoader.classFile(name));
        List<String> wanted = TargetCatalog.hooksOf(owner).stream()
                .filter(hook -> hook.owner().equals(owner) || ofLayers.contains(hook.method() + hook.descriptor()))
                .flatMap(hook -> hook.hooks().stream().map(called -> hook.method() + hook.descriptor() + " " + called))
                .sorted()
                .toList();
        assertFalse(wanted.isEmpty());
        assertEquals(wanted, HookCalls.in(woven));
    }

    /** The hooks of every layer go where their methods are. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "org.deeplearning4j.nn.layers.recurrent.LSTM",
                "org.deeplearning4j.nn.layers.recurrent.BidirectionalLayer",
                "org.deeplearning4j.nn.layers.convolution.ConvolutionLayer",
                "org.deeplearning4j.nn.layers.samediff.SameDiffLayer",
                "org.deeplearning4j.nn.layers.samediff.SameDiffGraphVertex"
            })
    void putsTheHooksOfEveryLayerIntoLayers(String name) {
        byte[] classFile = ChildFirstLoader.classFile(name);
        byte[] woven = TargetWeaver.weave(classFile, TargetCatalog.layerHooks());
        assertTrue(HookCalls.in(woven).stream().anyMatch(call -> call.endsWith("LayerHooks.backwardEnds")));
        assertNull(TargetWeaver.weave(ChildFirstLoader.classFile(Target.class.getName()), TargetCatalog.layerHooks()));
    }

    private static Set<String> methods(byte[] classFile) {
        Set<String> found = new HashSet<>();
        new ClassReader(classFile)
                .accept(
                        new ClassVisitor(OpenedClassReader.ASM_API) {
                            @Override
                            public @Nullable MethodVisitor visitMethod(
                                    int access, String name, String type, String generic, String[] thrown) {
                                if ((access & Opcodes.ACC_ABSTRACT) == 0) {
                                    found.add(name + type);
                                }
                                return null;
                            }
                        },
                        ClassReader.SKIP_CODE);
        return found;
    }

    private static Hook around() {
        return hook(Kind.AROUND, "backward", "(Z)" + OBJECT, List.of("SampleHooks.begins", "SampleHooks.ends"), THIS);
    }

    private static Hook enter(String method, String descriptor, String hook, Value... values) {
        return hook(Kind.ENTER, method, descriptor, List.of(hook), values);
    }

    private static Hook hook(Kind kind, String method, String descriptor, List<String> hooks, Value... values) {
        return new Hook(kind, TARGET, method, descriptor, hooks, List.of(values));
    }

    private static Value argument(int index) {
        return new Value.Argument(index);
    }

    private Object woven(Hook... rows) throws Exception {
        String name = Target.class.getName();
        byte[] woven = TargetWeaver.weave(ChildFirstLoader.classFile(name), List.of(rows));
        return loader.with(name, woven).loadClass(name).getDeclaredConstructor().newInstance();
    }

    private static byte[] anchor() {
        return new net.bytebuddy.ByteBuddy()
                .subclass(Object.class)
                .name("org.deeplearning4j.nn.multilayer.MultiLayerNetwork")
                .make()
                .getBytes();
    }

    private void answer(Object value) throws ReflectiveOperationException {
        hooks.getField("answer").set(null, value);
    }

    @SuppressWarnings("unchecked")
    private List<String> calls() throws ReflectiveOperationException {
        return (List<String>) hooks.getField("CALLS").get(null);
    }

    private static int bodies(Object target) throws ReflectiveOperationException {
        return (int) target.getClass().getField("bodies").get(target);
    }

    private static Object call(Object target, String name, Object... arguments) throws Exception {
        Method method = Arrays.stream(target.getClass().getDeclaredMethods())
                .filter(candidate -> candidate.getName().equals(name))
                .findFirst()
                .orElseThrow();
        assertTrue(Modifier.isPublic(method.getModifiers()));
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException failure) {
            if (failure.getCause() instanceof Exception exception) {
                throw exception;
            }
            throw failure;
        }
    }

    private static Object[] members(Class<?> type) {
        return java.util.stream.Stream.of(type.getDeclaredFields(), type.getDeclaredMethods())
                .flatMap(Arrays::stream)
                .map(Object::toString)
                .sorted()
                .toArray();
    }
}
