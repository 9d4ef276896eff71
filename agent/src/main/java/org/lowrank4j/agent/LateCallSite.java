package org.lowrank4j.agent;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.MutableCallSite;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A call site that is reached while the plugin is being activated: it does nothing until that is over, and links itself
 * at the first call afterwards. A constant site would do nothing for ever.
 */
final class LateCallSite extends MutableCallSite {

    private static final MethodHandle CALL;

    static {
        try {
            CALL = MethodHandles.lookup()
                    .findVirtual(LateCallSite.class, "call", MethodType.methodType(Object.class, Object[].class));
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    private final Supplier<MethodHandle> link;
    private final BooleanSupplier waiting;

    LateCallSite(MethodType type, Supplier<MethodHandle> link, BooleanSupplier waiting) {
        super(type);
        this.link = link;
        this.waiting = waiting;
        setTarget(CALL.bindTo(this)
                .asCollector(Object[].class, type.parameterCount())
                .asType(type));
    }

    @Nullable Object call(Object[] arguments) throws Throwable {
        if (waiting.getAsBoolean()) {
            return null;
        }
        MethodHandle linked = link.get();
        setTarget(linked);
        return linked.invokeWithArguments(arguments);
    }
}
