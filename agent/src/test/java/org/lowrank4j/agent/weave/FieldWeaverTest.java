package org.lowrank4j.agent.weave;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.lowrank4j.agent.ChildFirstLoader;
import org.lowrank4j.agent.LoaderState;
import org.lowrank4j.agent.TestAgent;
import org.lowrank4j.agent.sample.Fields;
import org.lowrank4j.agent.sample.NoFields;
import org.lowrank4j.agent.sample.Target;

class FieldWeaverTest {

    private final FieldWeaver weaver = new FieldWeaver();

    @Test
    void reportsEveryStoreToAnAnnotatedField() throws Exception {
        String name = Fields.class.getName();
        String nested = Fields.Nested.class.getName();
        LoaderState state = LoaderState.of(new ChildFirstLoader());
        byte[] woven = weaver.weave(ChildFirstLoader.classFile(name), state);
        byte[] ofNest = weaver.weave(ChildFirstLoader.classFile(nested), state);
        assertNotNull(woven);
        assertNotNull(ofNest);
        ChildFirstLoader loader = new ChildFirstLoader()
                .withPlugin("1")
                .with(name, woven)
                .with(nested, ofNest)
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
            fields.getMethod("shareByNested", Object.class).invoke(null, "three");

            assertEquals("two", fields.getMethod("network").invoke(object));
            assertEquals(
                    List.of(
                            "stored one in Fields.network",
                            "stored one in Fields.network",
                            "stored two in Fields.network",
                            "stored null in Fields.shared",
                            "stored three in Fields.storedByNested"),
                    loader.loadClass("org.lowrank4j.hook.SampleHooks")
                            .getField("CALLS")
                            .get(null));
            assertEquals("", agent.lines());
        }
    }

    @Test
    void leavesClassesWithoutAnnotatedFieldsAlone() {
        LoaderState state = LoaderState.of(new ChildFirstLoader());
        assertNull(weaver.weave(ChildFirstLoader.classFile(NoFields.class.getName()), state));
        assertNull(weaver.weave(ChildFirstLoader.classFile(Target.class.getName()), state));
        assertNull(weaver.weave(ChildFirstLoader.classFile(Fields.Nested.class.getName()), state));
    }

    /** A field to which only another class stores is known as such until a class of its nest does. */
    @Test
    void takesNoteOfWhatIsAnnotatedAndOfFieldsThatNobodyStoresTo() {
        ChildFirstLoader loader = new ChildFirstLoader();
        LoaderState state = LoaderState.of(loader);
        weaver.weave(ChildFirstLoader.classFile(NoFields.class.getName()), state);
        weaver.weave(ChildFirstLoader.classFile(Fields.class.getName()), state);
        String prefix = Fields.class.getPackageName() + ".";
        Map<String, String> expected = new HashMap<>(Map.of(
                "class " + prefix + "NoFields", "",
                "method " + prefix + "NoFields.make", "",
                "constructor " + prefix + "NoFields", "",
                "field " + prefix + "Fields.network", "",
                "field " + prefix + "Fields.shared", "",
                "field " + prefix + "Fields.storedByNested", "Ljava/lang/Object;",
                "field " + prefix + "Fields.storedByOthers", "Ljava/lang/Object;"));
        assertEquals(expected, state.annotatedPlaces());
        weaver.weave(ChildFirstLoader.classFile(Fields.Nested.class.getName()), state);
        expected.put("field " + prefix + "Fields.storedByNested", "");
        assertEquals(expected, state.annotatedPlaces());
        assertNotNull(weaver.weave(ChildFirstLoader.classFile(Fields.class.getName()), state), "woven again");
        assertEquals(expected, state.annotatedPlaces());
    }
}
