package org.lowrank4j.agent.weave;

import java.util.ArrayList;
import java.util.List;
import org.lowrank4j.agent.HookLinker;
import org.objectweb.asm.Handle;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;

/** Where a method keeps its values, and the call of a hook with them. */
final class WovenMethod {

    static final Type OBJECT = Type.getType(Object.class);

    private static final Handle BOOTSTRAP = new Handle(
            Opcodes.H_INVOKESTATIC,
            Type.getInternalName(HookLinker.class),
            "bootstrap",
            "(Ljava/lang/invoke/MethodHandles$Lookup;Ljava/lang/String;Ljava/lang/invoke/MethodType;"
                    + "Ljava/lang/String;)Ljava/lang/invoke/CallSite;",
            false);

    private final String owner;
    private final int access;
    private final String descriptor;
    private final Type[] arguments;
    private final boolean isStatic;

    /**
     * A method of a class.
     *
     * @param owner internal name of the class
     */
    WovenMethod(String owner, int access, String descriptor) {
        this.owner = owner;
        this.access = access;
        this.descriptor = descriptor;
        this.arguments = Type.getArgumentTypes(descriptor);
        this.isStatic = (access & Opcodes.ACC_STATIC) != 0;
    }

    int access() {
        return access;
    }

    String descriptor() {
        return descriptor;
    }

    Type returned() {
        return Type.getReturnType(descriptor);
    }

    /** Stack map types of the local variables at the method's begin. */
    Object[] locals() {
        List<Object> types = new ArrayList<>();
        if (!isStatic) {
            types.add(owner);
        }
        for (Type argument : arguments) {
            types.add(
                    switch (argument.getSort()) {
                        case Type.BOOLEAN, Type.CHAR, Type.BYTE, Type.SHORT, Type.INT -> Opcodes.INTEGER;
                        case Type.FLOAT -> Opcodes.FLOAT;
                        case Type.LONG -> Opcodes.LONG;
                        case Type.DOUBLE -> Opcodes.DOUBLE;
                        default -> argument.getInternalName();
                    });
        }
        return types.toArray();
    }

    /** Local variables that the object and the arguments take. */
    int size() {
        int size = isStatic ? 0 : 1;
        for (Type argument : arguments) {
            size += argument.getSize();
        }
        return size;
    }

    /**
     * Pushes a value.
     *
     * @return its type, where {@code Object} stands for all that are no primitives: woven code names no class that its
     *     loader may not know
     */
    Type push(Value value, MethodVisitor code) {
        if (value instanceof Value.Argument argument) {
            int variable = isStatic ? 0 : 1;
            for (int i = 0; i < argument.index(); i++) {
                variable += arguments[i].getSize();
            }
            Type type = arguments[argument.index()];
            code.visitVarInsn(type.getOpcode(Opcodes.ILOAD), variable);
            return hooksView(type);
        }
        if (isStatic) {
            throw new IllegalArgumentException("a static method has no " + value);
        }
        code.visitVarInsn(Opcodes.ALOAD, 0);
        if (value instanceof Value.Field field) {
            code.visitFieldInsn(Opcodes.GETFIELD, field.owner(), field.name(), field.descriptor());
            return hooksView(Type.getType(field.descriptor()));
        }
        return OBJECT;
    }

    private static Type hooksView(Type type) {
        return type.getSort() == Type.OBJECT || type.getSort() == Type.ARRAY ? OBJECT : type;
    }

    /** Calls a hook with what is on the stack. */
    static void call(String hook, Type returned, List<Type> values, MethodVisitor code) {
        code.visitInvokeDynamicInsn(
                "hook", Type.getMethodDescriptor(returned, values.toArray(new Type[0])), BOOTSTRAP, hook);
    }
}
