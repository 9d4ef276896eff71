package org.lowrank4j.command.work;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.adapter.Adapter;
import org.lowrank4j.adapter.ModelFile;
import org.lowrank4j.adapter.PeftDirectory;
import org.lowrank4j.adapter.TrainedAdapter;
import org.lowrank4j.command.InputFiles;
import org.lowrank4j.command.Progress;

/** Reads adapters in whatever form they are. */
final class AdapterSource {

    private AdapterSource() {}

    /**
     * Reads one.
     *
     * @param path a directory in PEFT's layout or a file of it, or a trained model zip
     * @param base the model that a zip was trained from; null if none was given
     * @throws LowRankException if there is no adapter in it, or it needs a base
     */
    static Adapter read(Path path, @Nullable ModelFile base, Progress progress) throws IOException {
        progress.begin("reading " + path);
        Path directory = InputFiles.peftDirectory(path);
        if (directory != null) {
            return PeftDirectory.read(directory);
        }
        if (base == null) {
            throw new LowRankException(path + " is a zip, and a zip holds effective weights: which part of them is the"
                    + " adapter can only be seen next to the model that training started from. Give it with --base.");
        }
        return TrainedAdapter.of(base, ModelFile.read(path));
    }

    /** Reads a base if one was given. */
    static @Nullable ModelFile base(@Nullable Path path, Progress progress) throws IOException {
        return path == null ? null : model(path, progress);
    }

    static ModelFile model(Path path, Progress progress) throws IOException {
        progress.begin("reading " + path);
        return ModelFile.read(path);
    }
}
