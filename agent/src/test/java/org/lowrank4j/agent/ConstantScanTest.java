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
        assertTrue(ConstantScan.mentionsLowRank(ChildFirstLoader.classFile(Fields.class.getName())));
        assertTrue(ConstantScan.mentionsLowRank(ChildFirstLoader.classFile(NoFields.class.getName())));
    }

    @Test
    void isSilentAboutOtherClasses() {
        assertFalse(ConstantScan.mentionsLowRank(ChildFirstLoader.classFile(Target.class.getName())));
        assertFalse(ConstantScan.mentionsLowRank(
                ChildFirstLoader.classFile("org.deeplearning4j.nn.multilayer.MultiLayerNetwork")));
    }

    @Test
    void findsTheBackwardPassOfLayersAndVertices() {
        assertTrue(ConstantScan.mentionsBackward(
                ChildFirstLoader.classFile("org.deeplearning4j.nn.layers.recurrent.LSTM")));
        assertTrue(ConstantScan.mentionsBackward(
                ChildFirstLoader.classFile("org.deeplearning4j.nn.layers.samediff.SameDiffGraphVertex")));
        assertFalse(ConstantScan.mentionsBackward(ChildFirstLoader.classFile(Target.class.getName())));
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

        assertTrue(ConstantScan.mentionsLowRank(writer.toByteArray()));
    }

    @Test
    void anyCutShortClassFileIsNotScannedPastItsEnd() {
        byte[] classFile = ChildFirstLoader.classFile(Fields.class.getName());
        boolean found = false;
        for (int length = 0; length <= classFile.length; length++) {
            boolean now = ConstantScan.mentionsLowRank(Arrays.copyOf(classFile, length));
            assertTrue(now || !found, "found in a shorter file than " + length);
            found = now;
        }
        assertTrue(found);
    }

    @Test
    void stopsAtAnUnknownConstant() {
        byte[] classFile = ChildFirstLoader.classFile(Fields.class.getName());
        classFile[10] = 2;

        assertFalse(ConstantScan.mentionsLowRank(classFile));
    }
}
