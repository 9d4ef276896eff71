package org.lowrank4j.agent;

import java.nio.charset.StandardCharsets;

/**
 * What a class file can be at all, by its constants: one that carries a {@code @LowRank} annotation has the annotation's
 * descriptor among them, and a layer the name of its backward pass. Walks once over the constant pool from entry to entry,
 * which takes microseconds even before the JIT compiler has seen this code; every class that an application loads passes
 * here.
 */
final class ConstantScan {

    static final String DESCRIPTOR = "Lorg/lowrank4j/annotation/LowRank;";

    private static final byte[] LOW_RANK = DESCRIPTOR.getBytes(StandardCharsets.UTF_8);
    private static final byte[] LAYER = "backpropGradient".getBytes(StandardCharsets.UTF_8);
    private static final byte[] VERTEX = "doBackward".getBytes(StandardCharsets.UTF_8);

    /** Bytes that a constant takes after its tag, by tag (JVM specification, table 4.4-A); Utf8 is 2 plus its length. */
    private static final byte[] SIZES = {0, 2, 0, 4, 4, 8, 8, 2, 2, 4, 4, 4, 4, 0, 0, 3, 2, 4, 4, 2, 2};

    private static final int UTF8 = 1;
    private static final int LONG = 5;
    private static final int DOUBLE = 6;

    private boolean lowRank;
    private boolean backward;

    /** Of a class file that is cut short, or has a constant of an unknown kind, what comes before that counts. */
    ConstantScan(byte[] classFile) {
        int size = classFile.length;
        if (size < 10) {
            return;
        }
        int count = unsignedShort(classFile, 8);
        int at = 10;
        for (int constant = 1; constant < count && at + 3 <= size; constant++) {
            int tag = classFile[at++];
            if (tag == UTF8) {
                int length = unsignedShort(classFile, at);
                if (length == LOW_RANK.length) {
                    lowRank |= matches(classFile, at + 2, LOW_RANK);
                } else if (length == LAYER.length) {
                    backward |= matches(classFile, at + 2, LAYER);
                } else if (length == VERTEX.length) {
                    backward |= matches(classFile, at + 2, VERTEX);
                }
                at += 2 + length;
            } else if (tag > 0 && tag < SIZES.length && SIZES[tag] > 0) {
                at += SIZES[tag];
                if (tag == LONG || tag == DOUBLE) {
                    constant++;
                }
            } else {
                return;
            }
        }
    }

    /** Whether it carries a {@code @LowRank}. */
    boolean mentionsLowRank() {
        return lowRank;
    }

    /** Whether it can be a layer, or a vertex. */
    boolean mentionsBackward() {
        return backward;
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
