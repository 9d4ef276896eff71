package org.lowrank4j.tests.spark;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import net.bytebuddy.jar.asm.ClassReader;
import net.bytebuddy.jar.asm.ClassVisitor;
import net.bytebuddy.jar.asm.ClassWriter;
import net.bytebuddy.jar.asm.MethodVisitor;
import net.bytebuddy.jar.asm.Opcodes;
import org.lowrank4j.tests.ForkedJvm;

/** The agent's jar as a later release could be: it takes what is sent between JVMs to be of version 2. */
final class OtherRelease {

    private static final String PLUGIN = "inst/plugin.jar";
    private static final String HANDSHAKE = "org/lowrank4j/engine/Handshake.class";

    private OtherRelease() {}

    static Path writeTo(Path jar) throws IOException {
        try (InputStream agent = Files.newInputStream(ForkedJvm.agentJar());
                OutputStream out = Files.newOutputStream(jar)) {
            copy(agent, out);
        }
        return jar;
    }

    private static void copy(InputStream from, OutputStream to) throws IOException {
        ZipInputStream in = new ZipInputStream(from);
        ZipOutputStream out = new ZipOutputStream(to);
        for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
            out.putNextEntry(new ZipEntry(entry.getName()));
            if (entry.getName().equals(PLUGIN)) {
                ByteArrayOutputStream plugin = new ByteArrayOutputStream();
                copy(in, plugin);
                out.write(plugin.toByteArray());
            } else {
                byte[] bytes = in.readAllBytes();
                out.write(entry.getName().equals(HANDSHAKE) ? ofVersionTwo(bytes) : bytes);
            }
            out.closeEntry();
        }
        out.finish();
    }

    /** The version is the only whole number that is compared with the question's. */
    private static byte[] ofVersionTwo(byte[] handshake) {
        ClassReader reader = new ClassReader(handshake);
        ClassWriter writer = new ClassWriter(0);
        reader.accept(
                new ClassVisitor(Opcodes.ASM9, writer) {
                    @Override
                    public MethodVisitor visitMethod(
                            int access, String name, String descriptor, String signature, String[] exceptions) {
                        MethodVisitor method = super.visitMethod(access, name, descriptor, signature, exceptions);
                        return name.equals("answer") ? new Later(method) : method;
                    }
                },
                0);
        return writer.toByteArray();
    }

    private static final class Later extends MethodVisitor {

        Later(MethodVisitor method) {
            super(Opcodes.ASM9, method);
        }

        @Override
        public void visitInsn(int opcode) {
            super.visitInsn(opcode == Opcodes.ICONST_1 ? Opcodes.ICONST_2 : opcode);
        }
    }
}
