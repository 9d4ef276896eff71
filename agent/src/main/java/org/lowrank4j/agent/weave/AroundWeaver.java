package org.lowrank4j.agent.weave;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.bytebuddy.utility.OpenedClassReader;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;
import org.objectweb.asm.commons.LocalVariablesSorter;

/**
 * Runs a hook first and another last, like {@code try} and {@code finally}: the second gets the first one's result and what
 * was thrown. Calls of the second hook are outside of the protected stretches, so that it runs once even if it throws.
 */
final class AroundWeaver extends LocalVariablesSorter {

    private static final Type THROWABLE = Type.getType(Throwable.class);

    private final WovenMethod method;
    private final Hook hook;
    private final List<Stretch> stretches = new ArrayList<>();
    private int token;
    private Label begin = new Label();

    /** Instructions from one label up to another. */
    private record Stretch(Label begin, Label end) {}

    AroundWeaver(MethodVisitor next, WovenMethod method, Hook hook) {
        super(OpenedClassReader.ASM_API, method.access(), method.descriptor(), next);
        this.method = method;
        this.hook = hook;
    }

    @Override
    public void visitCode() {
        super.visitCode();
        token = newLocal(WovenMethod.OBJECT);
        List<Type> types = new ArrayList<>();
        for (Value value : hook.values()) {
            types.add(method.push(value, mv));
        }
        WovenMethod.call(hook.first(), WovenMethod.OBJECT, types, mv);
        mv.visitVarInsn(Opcodes.ASTORE, token);
        mv.visitLabel(begin);
    }

    @Override
    public void visitInsn(int opcode) {
        boolean isReturn = opcode >= Opcodes.IRETURN && opcode <= Opcodes.RETURN;
        if (isReturn) {
            end();
            mv.visitInsn(Opcodes.ACONST_NULL);
            callLast();
        }
        super.visitInsn(opcode);
        if (isReturn) {
            begin = new Label();
            mv.visitLabel(begin);
        }
    }

    @Override
    public void visitMaxs(int maxStack, int maxLocals) {
        end();
        Label handler = new Label();
        mv.visitLabel(handler);
        Object[] locals = new Object[method.size() + 1];
        Arrays.fill(locals, Opcodes.TOP);
        locals[0] = method.locals()[0];
        locals[locals.length - 1] = WovenMethod.OBJECT.getInternalName();
        mv.visitFrame(Opcodes.F_NEW, locals.length, locals, 1, new Object[] {THROWABLE.getInternalName()});
        mv.visitInsn(Opcodes.DUP);
        callLast();
        mv.visitInsn(Opcodes.ATHROW);
        for (Stretch stretch : stretches) {
            // The JVM refuses an empty one, as between two returns.
            if (stretch.begin().getOffset() < stretch.end().getOffset()) {
                mv.visitTryCatchBlock(stretch.begin(), stretch.end(), handler, null);
            }
        }
        super.visitMaxs(maxStack, maxLocals);
    }

    private void end() {
        Label end = new Label();
        mv.visitLabel(end);
        stretches.add(new Stretch(begin, end));
    }

    /** With the object, the token, and the exception or null that is on top of the stack. */
    private void callLast() {
        Type self = method.push(new Value.This(), mv);
        mv.visitInsn(Opcodes.SWAP);
        mv.visitVarInsn(Opcodes.ALOAD, token);
        mv.visitInsn(Opcodes.SWAP);
        WovenMethod.call(hook.last(), Type.VOID_TYPE, List.of(self, WovenMethod.OBJECT, THROWABLE), mv);
    }
}
