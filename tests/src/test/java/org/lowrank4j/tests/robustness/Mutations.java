package org.lowrank4j.tests.robustness;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Damages bytes as transfers, crashes and attackers do. The same seed gives the same damage. */
final class Mutations {

    /** Numbers at which lengths, offsets and products of sides overflow or turn negative. */
    private static final long[] TURNING_POINTS = {
        0,
        1,
        -1,
        7,
        8,
        255,
        256,
        Short.MAX_VALUE,
        65_536,
        100_000_001,
        Integer.MAX_VALUE,
        Integer.MAX_VALUE + 1L,
        1L << 32,
        1L << 40,
        1L << 53,
        Long.MAX_VALUE / 4 + 1,
        Long.MAX_VALUE - 7,
        Long.MAX_VALUE,
        Long.MIN_VALUE
    };

    private static final String[] TOKENS = {
        "null",
        "{}",
        "[]",
        "\"\"",
        "true",
        "NaN",
        "1e999",
        "-0",
        "[[[[[[[[",
        "{\"a\":",
        "\\u0000",
        "\"F16\"",
        "\"I64\"",
        "\"r\":8,",
        "9".repeat(20_000),
        "1e" + "9".repeat(20_000),
        "\"" + "n".repeat(20_000) + "\":",
        "[".repeat(5_000),
        "{\"a\":".repeat(2_000)
    };

    private static final int MOST_CHANGES = 4;
    private static final int LONGEST_RANGE = 64;
    private static final int LONGEST_NUMBER = 5_000;
    private static final int DEEPEST = 2_000;

    private final Random random;

    Mutations(Random random) {
        this.random = random;
    }

    /** A damaged copy of one of the originals. */
    byte[] of(List<byte[]> originals) {
        byte[] content = originals.get(random.nextInt(originals.size())).clone();
        int changes = 1 + random.nextInt(MOST_CHANGES);
        for (int i = 0; i < changes && content.length > 0; i++) {
            content = change(content, originals.get(random.nextInt(originals.size())));
        }
        return content;
    }

    private byte[] change(byte[] content, byte[] other) {
        int at = random.nextInt(content.length);
        return switch (random.nextInt(13)) {
            case 0 -> with(content, at, new byte[] {(byte) (content[at] ^ 1 << random.nextInt(8))});
            case 1 -> with(content, at, new byte[] {(byte) random.nextInt(256)});
            case 2 -> Arrays.copyOf(content, at);
            case 3 -> spliced(content, at, range(content.length - at), new byte[0]);
            case 4 -> spliced(content, at, 0, noise(range(LONGEST_RANGE)));
            case 5 -> spliced(content, at, 0, Arrays.copyOfRange(content, at, at + range(content.length - at)));
            case 6 -> with(content, random.nextInt(4) == 0 ? 0 : at, number());
            case 7 -> withDecimal(content, at);
            case 8 -> spliced(content, at, range(content.length - at), text(TOKENS[random.nextInt(TOKENS.length)]));
            case 9 -> spliced(content, at, 0, text("9".repeat(1 + random.nextInt(LONGEST_NUMBER))));
            case 10 -> spliced(content, at, 0, text("[".repeat(1 + random.nextInt(DEEPEST))));
            case 11 -> with(content, at / 4 * 4, notFinite());
            default -> crossed(content, at, other);
        };
    }

    private int range(int most) {
        return most <= 1 ? most : 1 + random.nextInt(Math.min(most, LONGEST_RANGE));
    }

    private byte[] noise(int length) {
        byte[] noise = new byte[length];
        random.nextBytes(noise);
        return noise;
    }

    /** NaN or infinity, as a float or in the upper half of a double. */
    private byte[] notFinite() {
        float value = random.nextBoolean() ? Float.NaN : Float.NEGATIVE_INFINITY;
        byte[] asFloat = ByteBuffer.allocate(Float.BYTES)
                .order(random.nextBoolean() ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN)
                .putFloat(value)
                .array();
        return random.nextBoolean() ? asFloat : new byte[] {0, 0, 0, 0, 0, 0, (byte) 0xf8, 0x7f};
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** The start of one and the end of the other. */
    private static byte[] crossed(byte[] content, int at, byte[] other) {
        return at >= other.length
                ? Arrays.copyOf(content, at)
                : spliced(content, at, content.length - at, Arrays.copyOfRange(other, at, other.length));
    }

    private static byte[] with(byte[] content, int at, byte[] bytes) {
        byte[] changed = content.clone();
        System.arraycopy(bytes, 0, changed, at, Math.min(bytes.length, changed.length - at));
        return changed;
    }

    private static byte[] spliced(byte[] content, int at, int removed, byte[] inserted) {
        ByteBuffer result = ByteBuffer.allocate(content.length - removed + inserted.length);
        result.put(content, 0, at).put(inserted).put(content, at + removed, content.length - at - removed);
        return result.array();
    }

    /** A number of 2, 4 or 8 bytes. */
    private byte[] number() {
        long value = TURNING_POINTS[random.nextInt(TURNING_POINTS.length)];
        ByteBuffer number = ByteBuffer.allocate(Long.BYTES)
                .order(random.nextBoolean() ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        return switch (random.nextInt(3)) {
            case 0 -> Arrays.copyOf(number.putShort((short) value).array(), Short.BYTES);
            case 1 -> Arrays.copyOf(number.putInt((int) value).array(), Integer.BYTES);
            default -> number.putLong(value).array();
        };
    }

    /** Another decimal number in the place of the next one that is written in the text. */
    private byte[] withDecimal(byte[] content, int from) {
        int start = from;
        while (start < content.length && !isDigit(content[start])) {
            start++;
        }
        int end = start;
        while (end < content.length && isDigit(content[end])) {
            end++;
        }
        long value = TURNING_POINTS[random.nextInt(TURNING_POINTS.length)];
        return spliced(content, start, end - start, text(Long.toString(value)));
    }

    private static boolean isDigit(byte letter) {
        return letter >= '0' && letter <= '9';
    }
}
