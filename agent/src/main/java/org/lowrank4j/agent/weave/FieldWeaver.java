package org.lowrank4j.agent.weave;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import net.bytebuddy.utility.OpenedClassReader;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.agent.HookLinker;
import org.objectweb.asm.AnnotationVisitor;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.FieldVisitor;
import org.objectweb.asm.Handle;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;

/**
 * Reports each value that a class stores in a field of its own annotated with {@code @LowRank}. A copy of the value on top
 * of the stack goes to the hook; the store itself stays as it was. There are no jumps, so stack map frames stay valid.
 */
final class FieldWeaver {

    private static final String ANNOTATION = "Lorg/lowrank4j/annotation/LowRank;";
    private static final String JAVA = "Ljava/";
    private static final Set<String> JAVA_SUPERTYPES = Set.of("Ljava/lang/Object;", "Ljava/io/Serializable;");

    private static final Handle BOOTSTRAP = new Handle(
            Opcodes.H_INVOKESTATIC,
            Type.getInternalName(HookLinker.class),
            "bootstrapStore",
            "(Ljava/lang/invoke/MethodHandles$Lookup;Ljava/lang/String;Ljava/lang/invoke/MethodType;"
                    + "Ljava/lang/String;)Ljava/lang/invoke/CallSite;",
            false);

    /** The woven class, or null if it has no annotated field that can hold a network. */
    byte @Nullable [] weave(byte[] classFile) {
        ClassReader reader = OpenedClassReader.of(classFile);
        AnnotatedFields annotated = new AnnotatedFields();
        reader.accept(annotated, ClassReader.SKIP_CODE | ClassReader.SKIP_DEBUG | ClassReader.SKIP_FRAMES);
        if (annotated.descriptors.isEmpty()) {
            return null;
        }
        ClassWriter writer = new ClassWriter(reader, ClassWriter.COMPUTE_MAXS);
        reader.accept(new Stores(writer, reader.getClassName(), annotated.descriptors), 0);
        return writer.toByteArray();
    }

    /** A network, a type of Deeplearning4j or the user that may be one, or a JDK type that networks are assignable to. */
    private static boolean canHoldNetwork(String descriptor) {
        return descriptor.startsWith("L") && (!descriptor.startsWith(JAVA) || JAVA_SUPERTYPES.contains(descriptor));
    }

    /** Collects the annotated fields: name to descriptor. */
    private static final class AnnotatedFields extends ClassVisitor {

        final Map<String, String> descriptors = new HashMap<>();

        AnnotatedFields() {
            super(OpenedClassReader.ASM_API);
        }

        @Override
        public @Nullable FieldVisitor visitField(
                int access, String name, String descriptor, @Nullable String signature, @Nullable Object value) {
            if (!canHoldNetwork(descriptor)) {
                return null;
            }
            return new FieldVisitor(OpenedClassReader.ASM_API) {
                @Override
                public @Nullable AnnotationVisitor visitAnnotation(String type, boolean visible) {
                    if (type.equals(ANNOTATION)) {
                        descriptors.put(name, descriptor);
                    }
                    return null;
                }
            };
        }
    }

    /** Puts the hook before each store. */
    private static final class Stores extends ClassVisitor {

        private final String owner;
        private final Map<String, String> fields;

        Stores(ClassVisitor next, String owner, Map<String, String> fields) {
            super(OpenedClassReader.ASM_API, next);
            this.owner = owner;
            this.fields = fields;
        }

        @Override
        public @Nullable MethodVisitor visitMethod(
                int access,
                String method,
                String methodDescriptor,
                @Nullable String signature,
                String @Nullable [] exceptions) {
            MethodVisitor next = super.visitMethod(access, method, methodDescriptor, signature, exceptions);
            return new MethodVisitor(OpenedClassReader.ASM_API, next) {
                @Override
                public void visitFieldInsn(int opcode, String fieldOwner, String name, String descriptor) {
                    boolean store = opcode == Opcodes.PUTFIELD || opcode == Opcodes.PUTSTATIC;
                    if (store && fieldOwner.equals(owner) && descriptor.equals(fields.get(name))) {
                        super.visitInsn(Opcodes.DUP);
                        super.visitInvokeDynamicInsn("stored", "(Ljava/lang/Object;)V", BOOTSTRAP, name);
                    }
                    super.visitFieldInsn(opcode, fieldOwner, name, descriptor);
                }
            };
        }
    }
}
