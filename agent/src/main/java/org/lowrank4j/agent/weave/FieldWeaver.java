package org.lowrank4j.agent.weave;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import net.bytebuddy.utility.OpenedClassReader;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.agent.HookLinker;
import org.lowrank4j.agent.LoaderState;
import org.lowrank4j.agent.LoaderState.Field;
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
 * Reports each value that a class stores in a field annotated with {@code @LowRank}, of its own or of a class of its nest.
 * A copy of the value on top of the stack goes to the hook; the store itself stays as it was. There are no jumps, so stack
 * map frames stay valid.
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
                    + "Ljava/lang/String;Ljava/lang/String;)Ljava/lang/invoke/CallSite;",
            false);

    /**
     * The woven class, or null if it stores to no annotated field.
     *
     * @param state takes note of what the class annotates, and knows the annotated fields of its nest
     */
    byte @Nullable [] weave(byte[] classFile, LoaderState state) {
        ClassReader reader = OpenedClassReader.of(classFile);
        reader.accept(
                new Annotations(reader.getClassName(), state),
                ClassReader.SKIP_CODE | ClassReader.SKIP_DEBUG | ClassReader.SKIP_FRAMES);
        List<Field> fields = state.fieldsOfNest(reader.getClassName());
        if (fields.isEmpty()) {
            return null;
        }
        ClassWriter writer = new ClassWriter(reader, ClassWriter.COMPUTE_MAXS);
        Stores stores = new Stores(writer, fields);
        reader.accept(stores, 0);
        stores.seen.forEach(state::stores);
        return stores.seen.isEmpty() ? null : writer.toByteArray();
    }

    /** A network, a type of Deeplearning4j or the user that may be one, or a JDK type that networks are assignable to. */
    private static boolean canHoldNetwork(String descriptor) {
        return descriptor.startsWith("L") && (!descriptor.startsWith(JAVA) || JAVA_SUPERTYPES.contains(descriptor));
    }

    /** Takes note of everything that carries the annotation. */
    private static final class Annotations extends ClassVisitor {

        private final String owner;
        private final LoaderState state;

        Annotations(String owner, LoaderState state) {
            super(OpenedClassReader.ASM_API);
            this.owner = owner;
            this.state = state;
        }

        @Override
        public @Nullable AnnotationVisitor visitAnnotation(String type, boolean visible) {
            if (type.equals(ANNOTATION)) {
                state.annotated("class " + owner.replace('/', '.'));
            }
            return null;
        }

        @Override
        public MethodVisitor visitMethod(
                int access,
                String method,
                String descriptor,
                @Nullable String signature,
                String @Nullable [] exceptions) {
            return new MethodVisitor(OpenedClassReader.ASM_API) {
                @Override
                public @Nullable AnnotationVisitor visitAnnotation(String type, boolean visible) {
                    if (type.equals(ANNOTATION)) {
                        String name = owner.replace('/', '.');
                        state.annotated(
                                method.equals("<init>") ? "constructor " + name : "method " + name + "." + method);
                    }
                    return null;
                }
            };
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
                        state.annotated(new Field(owner, name, descriptor));
                    }
                    return null;
                }
            };
        }
    }

    /** Puts the hook before each store. */
    private static final class Stores extends ClassVisitor {

        final Set<Field> seen = new HashSet<>();
        private final List<Field> fields;

        Stores(ClassVisitor next, List<Field> fields) {
            super(OpenedClassReader.ASM_API, next);
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
                public void visitFieldInsn(int opcode, String owner, String name, String descriptor) {
                    Field field = new Field(owner, name, descriptor);
                    boolean store = opcode == Opcodes.PUTFIELD || opcode == Opcodes.PUTSTATIC;
                    if (store && fields.contains(field)) {
                        super.visitInsn(Opcodes.DUP);
                        super.visitInvokeDynamicInsn(
                                "stored", "(Ljava/lang/Object;)V", BOOTSTRAP, owner.replace('/', '.'), name);
                        seen.add(field);
                    }
                    super.visitFieldInsn(opcode, owner, name, descriptor);
                }
            };
        }
    }
}
