package org.lowrank4j.tests.engine;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.lowrank4j.file.ContentHash;
import org.lowrank4j.file.Safetensors;
import org.lowrank4j.file.Tensors;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;

/** What the model zip of an adapted network holds besides stock DL4J's entries; the public view of the adapters. */
final class AdapterFile {

    static final String ENTRY = "lowrank/adapter.safetensors";

    private AdapterFile() {}

    /** All tensors by name, {@code adapter/LAYER/NAME} and {@code updater/LAYER/NAME}; none if there is no entry. */
    static Map<String, INDArray> tensors(Model model) {
        byte[] entry = entries(zip(model)).get(ENTRY);
        return entry == null ? Map.of() : Safetensors.read(entry).tensors();
    }

    /** One factor of one layer. */
    static INDArray factor(Model model, String layer, String name) {
        INDArray factor = tensors(model).get("adapter/" + layer + "/" + name);
        if (factor == null) {
            throw new AssertionError("no factor " + name + " of layer " + layer + " in "
                    + tensors(model).keySet());
        }
        return factor;
    }

    /** The model's zip with updater state. */
    static byte[] zip(Model model) {
        try (ByteArrayOutputStream bytes = new ByteArrayOutputStream()) {
            ModelSerializer.writeModel(model, bytes, true);
            return bytes.toByteArray();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** The network of a zip, with its updater state. */
    static MultiLayerNetwork network(byte[] zip) {
        try {
            return ModelSerializer.restoreMultiLayerNetwork(input(zip), true);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /**
     * A network, what was loaded from its file and a clone of it train on to the same bits.
     *
     * @param from number of the next batch
     * @param steps how many
     */
    static void assertGoOn(
            MultiLayerNetwork network, MultiLayerNetwork loaded, int from, int steps, IntFunction<DataSet> batch) {
        MultiLayerNetwork copy = network.clone();
        for (int i = from; i < from + steps; i++) {
            network.fit(batch.apply(i));
            loaded.fit(batch.apply(i));
            copy.fit(batch.apply(i));
        }
        Nets.assertSame(network.params(), loaded.params(), "parameters of the loaded network");
        Nets.assertSame(network.params(), copy.params(), "parameters of the clone");
        Map<String, INDArray> found = tensors(loaded);
        tensors(network).forEach((name, tensor) -> Nets.assertSame(tensor, found.get(name), name));
    }

    /** The entries of a zip by name. */
    static Map<String, byte[]> entries(byte[] zip) {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        try (ZipInputStream stream = new ZipInputStream(input(zip))) {
            for (ZipEntry entry = stream.getNextEntry(); entry != null; entry = stream.getNextEntry()) {
                entries.put(entry.getName(), stream.readAllBytes());
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        return entries;
    }

    /** The entry with other metadata and a hash that fits them. */
    static byte[] withMetadata(byte[] entry, Consumer<Map<String, String>> change) throws IOException {
        Tensors read = Safetensors.read(entry);
        Map<String, String> metadata = new TreeMap<>(read.metadata());
        metadata.remove("lowrank4j.sha256");
        change.accept(metadata);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Safetensors.write(ContentHash.added(new Tensors(read.tensors(), metadata)), bytes);
        return bytes.toByteArray();
    }

    /** A zip of these entries. */
    static byte[] zip(Map<String, byte[]> entries) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                zip.putNextEntry(new ZipEntry(entry.getKey()));
                zip.write(entry.getValue());
            }
        }
        return bytes.toByteArray();
    }

    static InputStream input(byte[] bytes) {
        return new ByteArrayInputStream(bytes);
    }
}
