package org.lowrank4j.agent.weave;

import java.util.List;
import org.lowrank4j.agent.ChildFirstLoader;
import org.lowrank4j.agent.weave.Hook.Kind;

/** Weaves one hook into the sample class, for tests in other packages. */
public final class SampleWeaver {

    private SampleWeaver() {}

    /** The class with {@code SampleHooks.prepare} at its method {@code prepare()}. */
    public static byte[] weavePrepare(ClassLoader loader, String name) {
        Hook hook = new Hook(
                Kind.ENTER,
                name.replace('.', '/'),
                "prepare",
                "()V",
                List.of("SampleHooks.prepare"),
                List.of(new Value.This()));
        return TargetWeaver.weave(ChildFirstLoader.classFile(name), List.of(hook));
    }
}
