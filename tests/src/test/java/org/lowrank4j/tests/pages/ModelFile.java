package org.lowrank4j.tests.pages;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.lowrank4j.file.Replacement;

/** Saves a model so that the file is there whole or not at all, however the program ends. */
public final class ModelFile {

    private ModelFile() {}

    /** Makes the file's directory if it is missing, and replaces the file. */
    public static void write(MultiLayerNetwork model, Path file) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        Replacement.write(file, stream -> ModelSerializer.writeModel(model, stream, true));
    }
}
