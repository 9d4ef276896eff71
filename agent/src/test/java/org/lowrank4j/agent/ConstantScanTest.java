package org.lowrank4j.agent;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.lowrank4j.agent.sample.Fields;
import org.lowrank4j.agent.sample.NoFields;
import org.lowrank4j.agent.sample.Target;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Opcodes;

class ConstantScanTest {

    @Test
    void findsTheAnnotationAmongTheConstants() {
        assertTrue(new ConstantScan(ChildFirstLoader.classFile(Fields.class.getName())).mentionsLowRank());
        assertTrue(new ConstantScan(ChildFirstLoader.classFile(NoFields.class.getName())).mentionsLowRank());
    }

    @Test
    void isSilentAboutOtherClasses() {
        assertFalse(new ConstantScan(ChildFirstLoader.classFile(Target.class.getName())).mentionsLowRank());
        assertFalse(new ConstantScan(ChildFirstLoader.classFile("org.deeplearning4j.nn.multilayer.MultiLayerNetwork"))
                .mentionsLowRank());
    }

    @Test
    void findsTheBackwardPassOfLayersAndVertices() {
        assertTrue(new ConstantScan(ChildFirstLoader.classFile("org.deeplearning4j.nn.layers.recurrent.LSTM"))
                .mentionsBackward());
        assertTrue(new ConstantScan(
                        ChildFirstLoader.classFile("org.deeplearning4j.nn.layers.samediff.SameDiffGraphVertex"))
                .mentionsBackward());
        assertFalse(new ConstantScan(ChildFirstLoader.classFile(Target.class.getName())).mentionsBackward());
    }

    @Test
    void stepsOverConstantsOfEveryKind() {
        ClassWriter writer = new ClassWriter(0);
        writer.newConst(1L);
        writer.newConst(2.0);
        writer.newConst(3);
        writer.newConst(4f);
        writer.newModule("module");
        writer.newPackage("some/pack");
        writer.newInvokeDynamic(
                "call",
                "()V",
                new org.objectweb.asm.Handle(Opcodes.H_INVOKESTATIC, "Owner", "bootstrap", "()V", false));
        writer.newConstantDynamic(
                "constant",
                "I",
                new org.objectweb.asm.Handle(Opcodes.H_INVOKESTATIC, "Owner", "bootstrap", "()V", false));
        writer.newMethodType("()V");
        writer.newField("Owner", "field", "I");
        writer.newMethod("Owner", "method", "()V", true);
        writer.newConst("text");
        writer.newUTF8(ConstantScan.DESCRIPTOR);
        writer.visit(Opcodes.V17, Opcodes.ACC_PUBLIC, "Sample", null, "java/lang/Object", null);

        assertTrue(new ConstantScan(writer.toByteArray()).mentionsLowRank());
    }

    @Test
    void anyCutShortClassFileIsNotScannedPastItsEnd() {
        byte[] classFile = ChildFirstLoader.classFile(Fields.class.getName());
        boolean found = false;
        for (int length = 0; length <= classFile.length; length++) {
            boolean now = new ConstantScan(Arrays.copyOf(classFile, length)).mentionsLowRank();
            assertTrue(now || !found, "found in a shorter file than " + length);
            found = now;
        }
        assertTrue(found);
    }

    @Test
    void stopsAtAnUnknownConstant() {
        byte[] classFile = ChildFirstLoader.classFile(Fields.class.getName());
        classFile[10] = 2;

        assertFalse(new ConstantScan(classFile).mentionsLowRank());
    }
}
