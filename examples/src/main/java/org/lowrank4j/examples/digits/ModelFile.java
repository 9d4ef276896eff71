package org.lowrank4j.examples.digits;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;

/** Saves a model so that the file is there whole or not at all, however the program ends. */
public final class ModelFile {

    /** What a file that is still being written is called in addition. */
    static final String UNFINISHED = ".unfinished";

    private ModelFile() {}

    /** Writes a sibling file first and renames it when it is complete. */
    public static void write(MultiLayerNetwork model, Path file) throws IOException {
        Path target = file.toAbsolutePath();
        Files.createDirectories(target.getParent());
        Path sibling = target.resolveSibling(target.getFileName() + UNFINISHED);
        // Ctrl-C leaves nothing behind either.
        sibling.toFile().deleteOnExit();
        ModelSerializer.writeModel(model, sibling.toFile(), true);
        Files.move(sibling, target, StandardCopyOption.REPLACE_EXISTING);
    }
}
