package org.lowrank4j.agent.weave;

import java.util.ArrayList;
import java.util.List;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.Handle;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/** Reads from a woven class which method calls which hook. */
final class HookCalls {

    private HookCalls() {}

    /** Sorted lines of method, descriptor and hook. */
    static List<String> in(byte[] woven) {
        List<String> calls = new ArrayList<>();
        new ClassReader(woven)
                .accept(
                        new ClassVisitor(Opcodes.ASM9) {
                            @Override
                            public MethodVisitor visitMethod(
                                    int access, String method, String type, String signature, String[] exceptions) {
                                return new MethodVisitor(Opcodes.ASM9) {
                                    @Override
                                    public void visitInvokeDynamicInsn(
                                            String name, String descriptor, Handle bootstrap, Object... arguments) {
                                        if (bootstrap.getOwner().equals("org/lowrank4j/agent/HookLinker")) {
                                            calls.add(method + type + " " + arguments[0]);
                                        }
                                    }
                                };
                            }
                        },
                        0);
        // An exit that is reached from several returns is one call or several: what counts is that there is one.
        return calls.stream().distinct().sorted().toList();
    }
}
