package org.lowrank4j.tests.robustness;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Zips whose directory lies, or whose entries are more or longer than those of a model. */
final class ZipDamage {

    private static final int ENTRY = 0x02014b50;
    private static final int NAME_AT = 46;

    /** Where an entry of the directory keeps method, checksum, packed length, length, length of the name, place. */
    private static final int[] FIELDS = {10, 16, 20, 24, 28, 42};

    private static final int[] VALUES = {0, 1, 8, 77, 65_535, 1 << 20, 1 << 30, Integer.MAX_VALUE, -1};

    private static final int LONGEST_BOMB_MIB = 24;

    private final Random random;

    ZipDamage(Random random) {
        this.random = random;
    }

    /**
     * Damages a model.
     *
     * @param entries undamaged
     * @param bombed which of them may become long
     */
    byte[] of(Map<String, byte[]> entries, String bombed) throws IOException {
        return switch (random.nextInt(4)) {
            case 0 -> bomb(entries, bombed);
            case 1 -> twice(entries);
            default -> lied(Samples.zipped(entries));
        };
    }

    private byte[] bomb(Map<String, byte[]> entries, String bombed) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        byte[] filling = new byte[1 << 20];
        try (ZipOutputStream out = new ZipOutputStream(bytes)) {
            out.setLevel(Deflater.BEST_SPEED);
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                out.putNextEntry(new ZipEntry(entry.getKey()));
                out.write(entry.getValue());
                if (entry.getKey().equals(bombed)) {
                    for (int mebibytes = random.nextInt(LONGEST_BOMB_MIB); mebibytes >= 0; mebibytes--) {
                        out.write(filling);
                    }
                }
            }
        }
        return bytes.toByteArray();
    }

    /** One name for two entries: one that is as long gets the name of another, in all places. */
    private byte[] twice(Map<String, byte[]> entries) throws IOException {
        List<String> names = new ArrayList<>(entries.keySet());
        String name = names.get(random.nextInt(names.size()));
        String other = "?".repeat(name.length());
        Map<String, byte[]> more = new LinkedHashMap<>(entries);
        more.put(other, entries.get(names.get(random.nextInt(names.size()))));
        byte[] zip = Samples.zipped(more);
        String text = new String(zip, StandardCharsets.ISO_8859_1);
        return text.replace(other, name).getBytes(StandardCharsets.ISO_8859_1);
    }

    private byte[] lied(byte[] content) {
        ByteBuffer zip = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        List<Integer> places = new ArrayList<>();
        for (int i = 0; i + NAME_AT < content.length; i++) {
            if (zip.getInt(i) == ENTRY) {
                places.add(i);
            }
        }
        int place = places.get(random.nextInt(places.size()));
        int field = FIELDS[random.nextInt(FIELDS.length)];
        int old = zip.getInt(place + field);
        int value = random.nextBoolean() ? VALUES[random.nextInt(VALUES.length)] : old + random.nextInt(9) - 4;
        if (field == FIELDS[0] || field == FIELDS[4]) {
            zip.putShort(place + field, (short) value);
        } else {
            zip.putInt(place + field, value);
        }
        return content;
    }
}
