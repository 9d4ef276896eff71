package org.lowrank4j.agent.weave;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lowrank4j.agent.ChildFirstLoader;
import org.lowrank4j.agent.sample.Target;
import org.lowrank4j.agent.weave.Hook.Kind;

class ShapeCheckTest {

    private static final String TARGET = "org/lowrank4j/agent/sample/Target";
    private static final String BASE = "org/lowrank4j/agent/sample/TargetBase";

    private final ShapeCheck check = new ShapeCheck(new ChildFirstLoader());

    /** But for those of the module for Spark, which no other build downloads. */
    @Test
    void findsEveryMemberOfTheCatalogueInTheRelease() throws IOException {
        assertNull(check.missing(TargetCatalog.hooks().stream()
                .filter(hook -> !hook.owner().startsWith("org/deeplearning4j/spark/"))
                .toList()));
        assertEquals(TargetCatalog.VERSION, check.version());
    }

    @Test
    void namesAMissingClass() throws IOException {
        assertEquals("class com.acme.Absent", check.missing(List.of(hook("com/acme/Absent", "find", "()V"))));
    }

    @Test
    void namesAMissingMethod() throws IOException {
        assertEquals(
                "method org.lowrank4j.agent.sample.Target.find(I)V",
                check.missing(List.of(
                        hook(TARGET, "find", "(Ljava/lang/Object;)Ljava/lang/Object;"), hook(TARGET, "find", "(I)V"))));
    }

    @Test
    void namesAMissingField() throws IOException {
        Value present = new Value.Field(BASE, "model", "Ljava/lang/Object;");
        Value otherType = new Value.Field(BASE, "model", "Ljava/lang/String;");

        assertNull(check.missing(List.of(hook(TARGET, "prepare", "()V", present))));
        assertEquals(
                "field org.lowrank4j.agent.sample.TargetBase.model of type Ljava/lang/String;",
                check.missing(List.of(hook(TARGET, "prepare", "()V", present, otherType))));
    }

    @Test
    void prefersTheBytesAtHandToTheClassFile() throws IOException {
        ShapeCheck changed = new ShapeCheck(new ChildFirstLoader())
                .with("com/acme/Absent", ChildFirstLoader.classFile(Target.class.getName()));

        assertNull(changed.missing(List.of(hook("com/acme/Absent", "prepare", "()V"))));
    }

    private static Hook hook(String owner, String method, String descriptor, Value... values) {
        return new Hook(Kind.ENTER, owner, method, descriptor, List.of("SampleHooks.find"), List.of(values));
    }
}
