package org.lowrank4j.agent.weave;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lowrank4j.agent.ChildFirstLoader;
import org.lowrank4j.agent.TestAgent;
import org.lowrank4j.agent.sample.Fields;
import org.lowrank4j.agent.sample.NoFields;
import org.lowrank4j.agent.sample.Target;

class FieldWeaverTest {

    private final FieldWeaver weaver = new FieldWeaver();

    @Test
    void reportsEveryStoreToAnAnnotatedField() throws Exception {
        String name = Fields.class.getName();
        byte[] woven = weaver.weave(ChildFirstLoader.classFile(name));
        assertNotNull(woven);
        ChildFirstLoader loader = new ChildFirstLoader()
                .withPlugin("1")
                .with(name, woven)
                .with(
                        "org.deeplearning4j.nn.multilayer.MultiLayerNetwork",
                        new net.bytebuddy.ByteBuddy()
                                .subclass(Object.class)
                                .name("org.deeplearning4j.nn.multilayer.MultiLayerNetwork")
                                .make()
                                .getBytes());

        try (TestAgent agent = new TestAgent("", Path.of("no.jar")).started()) {
            Class<?> fields = loader.loadClass(name);
            Object object = fields.getConstructor(Object.class).newInstance("one");
            fields.getMethod("replace", Object.class).invoke(object, "two");
            fields.getMethod("share", Object.class).invoke(null, new Object[] {null});

            assertEquals("two", fields.getMethod("network").invoke(object));
            assertEquals(
                    List.of(
                            "stored one in Fields.network",
                            "stored one in Fields.network",
                            "stored two in Fields.network",
                            "stored null in Fields.shared"),
                    loader.loadClass("org.lowrank4j.hook.SampleHooks")
                            .getField("CALLS")
                            .get(null));
            assertEquals("", agent.lines());
        }
    }

    @Test
    void leavesClassesWithoutAnnotatedFieldsAlone() {
        assertNull(weaver.weave(ChildFirstLoader.classFile(NoFields.class.getName())));
        assertNull(weaver.weave(ChildFirstLoader.classFile(Target.class.getName())));
    }
}
