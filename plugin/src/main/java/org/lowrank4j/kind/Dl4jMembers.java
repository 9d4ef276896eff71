package org.lowrank4j.kind;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.reflect.Method;
import org.lowrank4j.LowRankException;

/** Members that DL4J keeps to itself, as they are in 1.0.0-M2.1. With another shape of DL4J the member is named. */
public final class Dl4jMembers {

    private Dl4jMembers() {}

    /** A field. */
    public static VarHandle field(Class<?> owner, String name, Class<?> type) {
        try {
            return MethodHandles.privateLookupIn(owner, MethodHandles.lookup()).findVarHandle(owner, name, type);
        } catch (ReflectiveOperationException missing) {
            throw otherShape(owner, name, missing);
        }
    }

    /** A method. */
    public static MethodHandle method(Class<?> owner, String name, Class<?>... parameters) {
        try {
            Method method = owner.getDeclaredMethod(name, parameters);
            method.setAccessible(true);
            return MethodHandles.lookup().unreflect(method);
        } catch (ReflectiveOperationException missing) {
            throw otherShape(owner, name, missing);
        }
    }

    private static LowRankException otherShape(Class<?> owner, String member, ReflectiveOperationException cause) {
        return new LowRankException(
                "DL4J's " + owner.getName() + " has no member " + member
                        + " as in 1.0.0-M2.1, the version that lowrank4j works with.",
                cause);
    }
}
