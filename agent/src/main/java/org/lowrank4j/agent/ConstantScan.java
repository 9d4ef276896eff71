package org.lowrank4j.agent;

import java.nio.charset.StandardCharsets;

/**
 * What a class file can be at all, by its constants: one that carries a {@code @LowRank} annotation has the annotation's
 * descriptor among them, and a layer the name of its backward pass. Walks over the constant pool from entry to entry, which takes microseconds even before the JIT compiler has
 * seen this code; every class that an application loads passes here.
 */
final class ConstantScan {

    static final String DESCRIPTOR = "Lorg/lowrank4j/annotation/LowRank;";

    private static final byte[][] LOW_RANK = {DESCRIPTOR.getBytes(StandardCharsets.UTF_8)};

    /** The backward passes of layers and of vertices. */
    private static final byte[][] BACKWARD = {
        "backpropGradient".getBytes(StandardCharsets.UTF_8), "doBackward".getBytes(StandardCharsets.UTF_8)
    };

    /** Bytes that a constant takes after its tag, by tag (JVM specification, table 4.4-A); Utf8 is 2 plus its length. */
    private static final byte[] SIZES = {0, 2, 0, 4, 4, 8, 8, 2, 2, 4, 4, 4, 4, 0, 0, 3, 2, 4, 4, 2, 2};

    private static final int UTF8 = 1;
    private static final int LONG = 5;
    private static final int DOUBLE = 6;

    private ConstantScan() {}

    /** False also for a class file that is cut short or has a constant of an unknown kind. */
    static boolean mentionsLowRank(byte[] classFile) {
        return mentions(classFile, LOW_RANK);
    }

    /** False also for a class file that is cut short or has a constant of an unknown kind. */
    static boolean mentionsBackward(byte[] classFile) {
        return mentions(classFile, BACKWARD);
    }

    private static boolean mentions(byte[] classFile, byte[][] wanted) {
        int size = classFile.length;
        if (size < 10) {
            return false;
        }
        int count = unsignedShort(classFile, 8);
        int at = 10;
        for (int constant = 1; constant < count; constant++) {
            if (at + 3 > size) {
                return false;
            }
            int tag = classFile[at++];
            if (tag == UTF8) {
                int length = unsignedShort(classFile, at);
                for (byte[] one : wanted) {
                    if (length == one.length && matches(classFile, at + 2, one)) {
                        return true;
                    }
                }
                at += 2 + length;
            } else if (tag > 0 && tag < SIZES.length && SIZES[tag] > 0) {
                at += SIZES[tag];
                if (tag == LONG || tag == DOUBLE) {
                    constant++;
                }
            } else {
                return false;
            }
        }
        return false;
    }

    private static int unsignedShort(byte[] bytes, int at) {
        return (bytes[at] & 0xff) << 8 | bytes[at + 1] & 0xff;
    }

    private static boolean matches(byte[] bytes, int at, byte[] wanted) {
        if (at + wanted.length > bytes.length) {
            return false;
        }
        // From the end: most descriptors of this length differ there first.
        for (int i = wanted.length - 1; i >= 0; i--) {
            if (bytes[at + i] != wanted[i]) {
                return false;
            }
        }
        return true;
    }
}
