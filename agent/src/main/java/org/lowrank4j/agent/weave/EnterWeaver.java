package org.lowrank4j.agent.weave;

import java.util.ArrayList;
import java.util.List;
import net.bytebuddy.utility.OpenedClassReader;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;

/** Runs a hook first, and returns its result in place of the method's own unless it is null. */
final class EnterWeaver extends MethodVisitor {

    private final WovenMethod method;
    private final Hook hook;

    EnterWeaver(MethodVisitor next, WovenMethod method, Hook hook) {
        super(OpenedClassReader.ASM_API, next);
        this.method = method;
        this.hook = hook;
    }

    @Override
    public void visitCode() {
        super.visitCode();
        List<Type> types = new ArrayList<>();
        for (Value value : hook.values()) {
            types.add(method.push(value, mv));
        }
        WovenMethod.call(hook.first(), WovenMethod.OBJECT, types, mv);
        Label body = new Label();
        mv.visitInsn(Opcodes.DUP);
        mv.visitJumpInsn(Opcodes.IFNULL, body);
        returnIt(method.returned());
        mv.visitLabel(body);
        Object[] locals = method.locals();
        mv.visitFrame(Opcodes.F_NEW, locals.length, locals, 1, new Object[] {WovenMethod.OBJECT.getInternalName()});
        mv.visitInsn(Opcodes.POP);
    }

    private void returnIt(Type type) {
        switch (type.getSort()) {
            case Type.VOID -> mv.visitInsn(Opcodes.POP);
            case Type.BOOLEAN -> unbox("java/lang/Boolean", "booleanValue", type);
            case Type.CHAR -> unbox("java/lang/Character", "charValue", type);
            case Type.BYTE -> unbox("java/lang/Byte", "byteValue", type);
            case Type.SHORT -> unbox("java/lang/Short", "shortValue", type);
            case Type.INT -> unbox("java/lang/Integer", "intValue", type);
            case Type.LONG -> unbox("java/lang/Long", "longValue", type);
            case Type.FLOAT -> unbox("java/lang/Float", "floatValue", type);
            case Type.DOUBLE -> unbox("java/lang/Double", "doubleValue", type);
            default -> mv.visitTypeInsn(Opcodes.CHECKCAST, type.getInternalName());
        }
        mv.visitInsn(type.getOpcode(Opcodes.IRETURN));
    }

    private void unbox(String box, String accessor, Type type) {
        mv.visitTypeInsn(Opcodes.CHECKCAST, box);
        mv.visitMethodInsn(Opcodes.INVOKEVIRTUAL, box, accessor, Type.getMethodDescriptor(type), false);
    }
}
