package org.lowrank4j.agent.weave;

import java.util.ArrayList;
import java.util.List;
import net.bytebuddy.utility.OpenedClassReader;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;

/** Runs a hook before each normal return. The result stays on the stack meanwhile, under a copy for the hook. */
final class ExitWeaver extends MethodVisitor {

    private final WovenMethod method;
    private final Hook hook;

    ExitWeaver(MethodVisitor next, WovenMethod method, Hook hook) {
        super(OpenedClassReader.ASM_API, next);
        for (Value value : hook.values()) {
            boolean last = value == hook.values().get(hook.values().size() - 1);
            if (value instanceof Value.Argument) {
                throw new IllegalArgumentException(hook.member() + " may have changed its arguments at its exit");
            }
            if (value instanceof Value.Returned && (!last || method.returned().getSort() != Type.OBJECT)) {
                throw new IllegalArgumentException(hook.member() + " must pass an object that it returns as the last");
            }
        }
        this.method = method;
        this.hook = hook;
    }

    @Override
    public void visitInsn(int opcode) {
        if (opcode >= Opcodes.IRETURN && opcode <= Opcodes.RETURN) {
            List<Type> types = new ArrayList<>();
            boolean passesResult = hook.values().stream().anyMatch(value -> value instanceof Value.Returned);
            if (passesResult) {
                mv.visitInsn(Opcodes.DUP);
            }
            for (Value value : hook.values()) {
                if (value instanceof Value.Returned) {
                    types.add(WovenMethod.OBJECT);
                    continue;
                }
                types.add(method.push(value, mv));
                if (passesResult) {
                    mv.visitInsn(Opcodes.SWAP);
                }
            }
            WovenMethod.call(hook.last(), Type.VOID_TYPE, types, mv);
        }
        super.visitInsn(opcode);
    }
}
