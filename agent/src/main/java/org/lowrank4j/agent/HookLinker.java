package org.lowrank4j.agent;

import java.lang.invoke.CallSite;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * Connects woven code with the hooks. Every hook in a woven class is one {@code invokedynamic} instruction, which calls a
 * method of this class the first time it runs; woven code names no other class of lowrank4j.
 *
 * <p>The hooks that belong to a Deeplearning4j are kept with its {@code MultiLayerNetwork} class itself
 * ({@link ClassValue}), so that a discarded class loader takes its hooks with it.
 */
public final class HookLinker {

    private static final String ANCHOR = "org.deeplearning4j.nn.multilayer.MultiLayerNetwork";

    private static final ClassValue<HookSet> HOOKS = new ClassValue<>() {
        @Override
        protected HookSet computeValue(Class<?> anchor) {
            return new HookSet(anchor.getClassLoader(), Agent.running());
        }
    };

    private HookLinker() {}

    /**
     * Links a hook of a Deeplearning4j class.
     *
     * @param caller the woven class
     * @param name not used: it is the name of the template's method
     * @param type what the woven code passes and expects
     * @param hook class and method of the hook, for example {@code StepHooks.optimize}
     */
    public static CallSite bootstrap(MethodHandles.Lookup caller, String name, MethodType type, String hook) {
        return hooksOf(caller.lookupClass()).link(type, hook);
    }

    /**
     * Links the hook before a store to an annotated field: it takes the value, and here gets the class and the field.
     *
     * @param owner binary name of the class that declares the field: the caller, or one of its nest
     * @param field the field's name
     */
    public static CallSite bootstrapStore(
            MethodHandles.Lookup caller, String name, MethodType type, String owner, String field)
            throws ClassNotFoundException {
        Class<?> storing = caller.lookupClass();
        return hooksOf(storing)
                .link(type, "FieldHooks.stored", Class.forName(owner, false, storing.getClassLoader()), field);
    }

    private static HookSet hooksOf(Class<?> woven) {
        try {
            return HOOKS.get(Class.forName(ANCHOR, false, woven.getClassLoader()));
        } catch (ClassNotFoundException absent) {
            // A user's class that can hold no network, because Deeplearning4j is not on its class path.
            return HookSet.idle();
        }
    }
}
