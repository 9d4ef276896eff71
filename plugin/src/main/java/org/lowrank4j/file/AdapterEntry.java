package org.lowrank4j.file;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.Excerpt;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The entry {@code lowrank/adapter.safetensors} of a model zip: a {@link TrainingState} as safetensors data, with the
 * settings, a checksum of the effective weights that it belongs to, and a hash of its own in the metadata. An entry
 * without a hash, as earlier versions wrote it, is read; one with a wrong hash is refused.
 */
public final class AdapterEntry {

    /** The entry's name in the zip. */
    public static final String NAME = "lowrank/adapter.safetensors";

    private static final String FORMAT = "lowrank4j.format";
    private static final String FORMAT_VERSION = "1";
    private static final String WEIGHTS = "lowrank4j.weights-crc32c";
    private static final String UPDATER = "lowrank4j.updater";
    private static final String SETTINGS = "lowrank4j.settings/";
    private static final String RANK = "lowrank4j.rank/";
    private static final String RANDOM = "lowrank4j.random/";

    private AdapterEntry() {}

    /** Writes the state of a network with the given parameters. */
    public static void write(OutputStream stream, TrainingState state, INDArray parameters) throws IOException {
        Map<String, String> metadata = new TreeMap<>();
        metadata.put(FORMAT, FORMAT_VERSION);
        metadata.put(WEIGHTS, checksum(parameters));
        metadata.put(UPDATER, String.valueOf(state.hasUpdater()));
        state.settings().forEach((layer, settings) -> metadata.put(SETTINGS + layer, settings));
        state.ranks().forEach((layer, rank) -> metadata.put(RANK + layer, rank.toString()));
        state.random().forEach(layer -> metadata.put(RANDOM + layer, "true"));
        Safetensors.write(ContentHash.added(new Tensors(state.tensors(), metadata)), stream);
    }

    /**
     * Reads the state that belongs to the given parameters.
     *
     * @throws LowRankException if the entry is damaged, of another format, or belongs to other weights
     */
    public static TrainingState read(byte[] entry, INDArray parameters) {
        Tensors tensors = Safetensors.read(entry);
        String format = tensors.metadata().get(FORMAT);
        if (!FORMAT_VERSION.equals(format)) {
            throw new LowRankException(
                    "its format is " + Excerpt.of(format) + ", and this version reads " + FORMAT_VERSION + ".");
        }
        if (!ContentHash.checked(tensors)) {
            checkKeys(tensors.metadata().keySet());
        }
        tensors.tensors().forEach(AdapterEntry::checkNumbers);
        String expected = tensors.metadata().get(WEIGHTS);
        String actual = checksum(parameters);
        if (!actual.equals(expected)) {
            throw new LowRankException("the model's weights were changed after it was written (checksum " + actual
                    + ", then " + Excerpt.of(expected) + ").");
        }
        Map<String, String> settings = new LinkedHashMap<>();
        Map<String, Integer> ranks = new LinkedHashMap<>();
        Set<String> random = new LinkedHashSet<>();
        tensors.metadata().forEach((key, value) -> {
            if (key.startsWith(SETTINGS)) {
                settings.put(key.substring(SETTINGS.length()), value);
            } else if (key.startsWith(RANK)) {
                ranks.put(key.substring(RANK.length()), rank(key, value));
            } else if (key.startsWith(RANDOM)) {
                random.add(key.substring(RANDOM.length()));
            }
        });
        return new TrainingState(
                settings,
                ranks,
                tensors.tensors(),
                Boolean.parseBoolean(tensors.metadata().get(UPDATER)),
                random);
    }

    /** Without a hash only what earlier versions wrote: another key may be that of a hash with a changed bit. */
    private static void checkKeys(Set<String> keys) {
        for (String key : keys) {
            if (!List.of(FORMAT, WEIGHTS, UPDATER).contains(key)
                    && !key.startsWith(SETTINGS)
                    && !key.startsWith(RANK)) {
                throw new LowRankException(
                        "it carries no hash of itself, and an entry " + Excerpt.of(key) + " that nobody wrote.");
            }
        }
    }

    private static int rank(String key, String value) {
        try {
            int rank = Integer.parseInt(value);
            if (rank >= 0) {
                return rank;
            }
        } catch (NumberFormatException damaged) {
            throw noRank(key, value, damaged);
        }
        throw noRank(key, value, null);
    }

    private static LowRankException noRank(String key, String value, @Nullable NumberFormatException cause) {
        return new LowRankException(
                "its " + Excerpt.of(key) + " is '" + Excerpt.of(value) + "', which is no rank.", cause);
    }

    /** Counters are whole numbers; everything else takes part in steps. */
    private static void checkNumbers(String name, INDArray tensor) {
        DataType type = tensor.dataType();
        if (type != DataType.FLOAT && type != DataType.DOUBLE && type != DataType.LONG) {
            throw new LowRankException("its tensor " + Excerpt.of(name) + " has the type " + type
                    + ", and the state of a training has FLOAT, DOUBLE and LONG.");
        }
        long notFinite = NotFinite.count(tensor);
        if (notFinite > 0) {
            throw new LowRankException("its tensor " + Excerpt.of(name) + " has " + notFinite + " of " + tensor.length()
                    + " entries that are NaN or infinite.");
        }
    }

    /** CRC-32C of the parameter vector as big-endian numbers, in hexadecimal. */
    private static String checksum(INDArray parameters) {
        CRC32C crc = new CRC32C();
        boolean asIs = parameters.dataType() == DataType.FLOAT || parameters.dataType() == DataType.DOUBLE;
        EntryBytes.read(asIs ? parameters : parameters.castTo(DataType.FLOAT), 'c', ByteOrder.BIG_ENDIAN, crc::update);
        return Long.toHexString(crc.getValue());
    }
}
