package org.lowrank4j.agent;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.agent.sample.Fields;
import org.lowrank4j.agent.sample.Target;

class TargetGateTest {

    private static final byte[] ANNOTATED = ChildFirstLoader.classFile(Fields.class.getName());
    private static final byte[] PLAIN = ChildFirstLoader.classFile(Target.class.getName());

    private final ClassLoader loader = new ChildFirstLoader();
    private final TestAgent agent = new TestAgent("", Path.of("no.jar"));
    private final List<String> woven = new ArrayList<>();

    @Test
    void opensNoJarForClassesThatDoNotConcernIt() {
        TargetGate gate = new TargetGate(agent.agent());

        assertNull(gate.transform(loader, "com/acme/Training", null, null, PLAIN));
        assertNull(gate.transform(null, "java/util/List", null, null, PLAIN));
        assertNull(gate.transform(loader, null, null, null, ANNOTATED));
        assertEquals("", agent.lines());
    }

    @Test
    void letsTargetsThrough() {
        TargetGate gate = gate();

        assertArrayEquals(new byte[] {1}, gate.transform(loader, "org/deeplearning4j/Target", null, null, PLAIN));
        assertNull(gate.transform(loader, "org/deeplearning4j/Other", null, null, PLAIN));
        assertEquals(List.of("target org/deeplearning4j/Target"), woven);
    }

    @Test
    void letsApplicationClassesWithTheAnnotationThrough() {
        TargetGate gate = gate();

        assertArrayEquals(new byte[] {2}, gate.transform(loader, "com/acme/Training", null, null, ANNOTATED));
        assertNull(gate.transform(loader, "com/acme/Other", null, null, PLAIN));
        assertEquals(List.of("fields com/acme/Training"), woven);
    }

    @Test
    void letsClassesOfTheNestOfAnAnnotatedFieldThrough() {
        LoaderState.of(loader).annotated(new LoaderState.Field("com/acme/Training$State", "network", "LNetwork;"));
        TargetGate gate = gate();

        assertArrayEquals(new byte[] {2}, gate.transform(loader, "com/acme/Training$1", null, null, PLAIN));
        assertArrayEquals(new byte[] {2}, gate.transform(loader, "com/acme/Training", null, null, PLAIN));
        assertNull(gate.transform(loader, "com/acme/TrainingRun", null, null, PLAIN));
        assertNull(gate.transform(new ChildFirstLoader(), "com/acme/Training$1", null, null, PLAIN));
        assertEquals(List.of("fields com/acme/Training$1", "fields com/acme/Training"), woven);
    }

    @Test
    void letsClassesThroughThatCanBeLayers() {
        TargetGate gate = gate();
        byte[] layer = ChildFirstLoader.classFile("org.deeplearning4j.nn.layers.recurrent.LSTM");

        assertArrayEquals(new byte[] {1}, gate.transform(loader, "org/deeplearning4j/Layer", null, null, layer));
        assertArrayEquals(new byte[] {3}, gate.transform(loader, "com/acme/Layer", null, null, layer));
        assertEquals(List.of("target org/deeplearning4j/Layer", "layer com/acme/Layer"), woven);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "java/lang/Thing",
                "javax/thing/Thing",
                "jdk/internal/Thing",
                "sun/misc/Thing",
                "com/sun/Thing",
                "org/nd4j/Thing",
                "org/deeplearning4j/Thing",
                "org/bytedeco/Thing",
                "org/lowrank4j/agent/Thing"
            })
    void passesOverLibrariesThatAreNotTheUsers(String name) {
        assertNull(gate().transform(loader, name, null, null, ANNOTATED));
        assertEquals(List.of(), woven);
    }

    @Test
    void passesOverClassesOfTheJdksLoaders() {
        assertNull(gate().transform(null, "com/acme/Training", null, null, ANNOTATED));
        assertNull(gate().transform(ClassLoader.getPlatformClassLoader(), "com/acme/Training", null, null, ANNOTATED));
        assertEquals(List.of(), woven);
    }

    @Test
    void saysWhatAWeaverThrewAndTellsThePlugin() {
        assertNull(gate().transform(loader, "org/deeplearning4j/Broken", null, null, PLAIN));

        String expected = "class org.deeplearning4j.Broken could not be woven: java.lang.VerifyError: broken";
        assertEquals("lowrank4j: WARNING: " + expected + System.lineSeparator(), agent.lines());
        assertEquals(expected, LoaderState.of(loader).weavingProblem());
        assertNull(LoaderState.of(new ChildFirstLoader()).weavingProblem());
    }

    @Test
    void saysThatItsJarIsMissing() {
        assertNull(new TargetGate(agent.agent()).transform(loader, "org/deeplearning4j/Target", null, null, PLAIN));
        assertTrue(agent.lines().contains("no.jar"), agent.lines());
    }

    private TargetGate gate() {
        return new TargetGate(agent.agent(), new ClassWeaver() {
            @Override
            public Set<String> targets() {
                return Set.of("org/deeplearning4j/Target", "org/deeplearning4j/Broken");
            }

            @Override
            public byte[] weaveTarget(ClassLoader definedBy, String name, byte[] classFile) {
                if (name.endsWith("Broken")) {
                    throw new VerifyError("broken");
                }
                woven.add("target " + name);
                return new byte[] {1};
            }

            @Override
            public byte[] weaveLayer(ClassLoader definedBy, String name, byte[] classFile) {
                woven.add("layer " + name);
                return new byte[] {3};
            }

            @Override
            public boolean fits(ClassLoader definedBy) {
                throw new AssertionError("not the gate's business");
            }

            @Override
            public byte[] weaveFields(ClassLoader definedBy, String name, byte[] classFile) {
                woven.add("fields " + name);
                return new byte[] {2};
            }
        });
    }
}
