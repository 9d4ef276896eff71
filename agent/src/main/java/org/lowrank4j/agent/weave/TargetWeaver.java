package org.lowrank4j.agent.weave;

import java.util.List;
import net.bytebuddy.utility.OpenedClassReader;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/**
 * Puts hooks into one class. The class is read and written as bytes: no class is loaded, and no field, method or interface
 * is added, so that the class can be woven again after it was loaded. Methods without a hook are copied as they are.
 *
 * <p>Works with Byte Buddy's class reader and the ASM under it. Byte Buddy's advice does the same with some 700 classes
 * more, whose loading was most of what the agent added to the first start of Deeplearning4j.
 */
final class TargetWeaver {

    private TargetWeaver() {}

    /**
     * Weaves a class.
     *
     * @param hooks the hooks to put in; a method that the class does not have is passed over
     * @return null if it has none of them
     */
    static byte @Nullable [] weave(byte[] classFile, List<Hook> hooks) {
        ClassReader reader = OpenedClassReader.of(classFile);
        ClassWriter writer = new ClassWriter(reader, ClassWriter.COMPUTE_MAXS);
        Methods methods = new Methods(writer, reader.getClassName(), hooks);
        reader.accept(methods, ClassReader.EXPAND_FRAMES);
        return methods.found ? writer.toByteArray() : null;
    }

    /** Finds the methods with hooks. */
    private static final class Methods extends ClassVisitor {

        private final String owner;
        private final List<Hook> hooks;
        private boolean found;

        Methods(ClassVisitor next, String owner, List<Hook> hooks) {
            super(OpenedClassReader.ASM_API, next);
            this.owner = owner;
            this.hooks = hooks;
        }

        @Override
        public @Nullable MethodVisitor visitMethod(
                int access,
                String name,
                String descriptor,
                @Nullable String signature,
                String @Nullable [] exceptions) {
            MethodVisitor visitor = super.visitMethod(access, name, descriptor, signature, exceptions);
            if ((access & Opcodes.ACC_ABSTRACT) != 0) {
                return visitor;
            }
            for (Hook hook : hooks) {
                if (hook.method().equals(name) && hook.descriptor().equals(descriptor)) {
                    found = true;
                    WovenMethod method = new WovenMethod(owner, access, descriptor);
                    visitor = switch (hook.kind()) {
                        case ENTER -> new EnterWeaver(visitor, method, hook);
                        case EXIT -> new ExitWeaver(visitor, method, hook);
                        case AROUND -> new AroundWeaver(visitor, method, hook);
                    };
                }
            }
            return visitor;
        }
    }
}
