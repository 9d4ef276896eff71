package org.lowrank4j.adapter;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.engine.TrainingState;
import org.lowrank4j.file.AdapterEntry;
import org.lowrank4j.file.Replacement;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A model zip as DL4J's ModelSerializer writes it, read as data: only the configuration, the parameters and the state of
 * adapters are looked at, every length is checked before memory is taken for it, and Java serialization (which DL4J uses
 * for preprocessors) is never run. Other entries are passed on as bytes.
 *
 * @param file where it was read from
 * @param network the MultiLayerNetwork or ComputationGraph with its parameters, and without an updater's state
 * @param adapters the state of adapters that an adapted training saved with it; null if there is none
 */
public record ModelFile(Path file, Model network, @Nullable TrainingState adapters) {

    /** A configuration is text about layers: longer ones are damaged. */
    private static final int LONGEST_CONFIGURATION = 64 << 20;

    /** What belongs to the weights that are replaced. */
    private static final Set<String> OF_THE_WEIGHTS =
            Set.of(ModelSerializer.COEFFICIENTS_BIN, ModelSerializer.UPDATER_BIN, AdapterEntry.NAME);

    /**
     * Reads a model.
     *
     * @throws IOException if the file cannot be read
     * @throws LowRankException if it is no model zip, or damaged; the message names the file
     */
    public static ModelFile read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new LowRankException(file + " is not a file; a model zip of DL4J is expected.");
        }
        try (ZipFile zip = new ZipFile(file.toFile())) {
            String json = new String(
                    entry(zip, ModelSerializer.CONFIGURATION_JSON, LONGEST_CONFIGURATION), StandardCharsets.UTF_8);
            Model network = network(json, coefficients(zip));
            return new ModelFile(file, network, adapters(zip, network));
        } catch (ZipException | EOFException | IllegalArgumentException noZip) {
            throw new LowRankException(file + " is not a readable zip: " + noZip.getMessage() + ".", noZip);
        } catch (LowRankException refused) {
            throw new LowRankException(file + " cannot be used: " + refused.getMessage(), refused);
        }
    }

    private static @Nullable TrainingState adapters(ZipFile zip, Model network) throws IOException {
        return zip.getEntry(AdapterEntry.NAME) == null
                ? null
                : AdapterEntry.read(entry(zip, AdapterEntry.NAME, Integer.MAX_VALUE - 8), network.params());
    }

    /**
     * The true length of an entry, which need not be what the directory of the zip says. The content must have the
     * checksum of the directory; ZipFile does not look at it.
     */
    private static long checkedLength(ZipFile zip, String name) throws IOException {
        CRC32 checksum = new CRC32();
        long length = 0;
        try (InputStream in = stream(zip, name)) {
            byte[] part = new byte[1 << 16];
            for (int read = in.read(part); read >= 0; read = in.read(part)) {
                checksum.update(part, 0, read);
                length += read;
            }
        }
        if (checksum.getValue() != zip.getEntry(name).getCrc()) {
            throw new LowRankException(
                    "its entry " + name + " is damaged: it does not have the checksum that the zip" + " keeps of it.");
        }
        return length;
    }

    private static InputStream stream(ZipFile zip, String name) throws IOException {
        ZipEntry entry = zip.getEntry(name);
        InputStream in = entry == null ? null : zip.getInputStream(entry);
        if (in == null) {
            throw new LowRankException("it has no entry " + name + ", which every model zip of DL4J has. It has "
                    + zip.stream().map(ZipEntry::getName).limit(8).toList() + ".");
        }
        return in;
    }

    private static byte[] entry(ZipFile zip, String name, int most) throws IOException {
        long length = checkedLength(zip, name);
        if (length > most) {
            throw new LowRankException(
                    "its entry " + name + " has " + length + " bytes, and at most " + most + " are read.");
        }
        try (InputStream in = stream(zip, name)) {
            return in.readNBytes((int) length);
        }
    }

    private static INDArray coefficients(ZipFile zip) throws IOException {
        long length = checkedLength(zip, ModelSerializer.COEFFICIENTS_BIN);
        try (DataInputStream in =
                new DataInputStream(new BufferedInputStream(stream(zip, ModelSerializer.COEFFICIENTS_BIN)))) {
            return Coefficients.read(in, length);
        }
    }

    private static Model network(String json, INDArray parameters) {
        try {
            if (json.contains("\"vertices\"")) {
                ComputationGraph graph = new ComputationGraph(ComputationGraphConfiguration.fromJson(json));
                graph.init(parameters, false);
                return graph;
            }
            MultiLayerNetwork network = new MultiLayerNetwork(MultiLayerConfiguration.fromJson(json));
            network.init(parameters, false);
            return network;
        } catch (LowRankException ours) {
            throw ours;
        } catch (RuntimeException | StackOverflowError notUnderstood) {
            throw new LowRankException(
                    "DL4J does not understand its configuration, or the configuration and the parameters do not fit: "
                            + notUnderstood.getMessage() + ".",
                    notUnderstood);
        }
    }

    /**
     * Writes the file's entries with the network's present parameters in the place of the old ones, and without the
     * states of updater and adapters, which belong to those. The target is replaced as a whole or not at all.
     *
     * @param target may be the file itself
     */
    public void writeTo(Path target) throws IOException {
        try (ZipFile zip = new ZipFile(file.toFile())) {
            Replacement.write(target, stream -> {
                ZipOutputStream out = new ZipOutputStream(stream);
                for (ZipEntry entry : zip.stream().toList()) {
                    if (!OF_THE_WEIGHTS.contains(entry.getName())) {
                        out.putNextEntry(new ZipEntry(entry.getName()));
                        try (InputStream in = stream(zip, entry.getName())) {
                            in.transferTo(out);
                        }
                    }
                }
                out.putNextEntry(new ZipEntry(ModelSerializer.COEFFICIENTS_BIN));
                DataOutputStream coefficients = new DataOutputStream(new BufferedOutputStream(out));
                Nd4j.write(network.params(), coefficients);
                coefficients.flush();
                out.finish();
            });
        }
    }
}
