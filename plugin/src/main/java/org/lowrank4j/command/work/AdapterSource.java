package org.lowrank4j.command.work;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.adapter.Adapter;
import org.lowrank4j.adapter.ModelFile;
import org.lowrank4j.adapter.PeftDirectory;
import org.lowrank4j.adapter.TrainedAdapter;

/** Reads adapters in whatever form they are. */
final class AdapterSource {

    private AdapterSource() {}

    /**
     * Reads one.
     *
     * @param path a directory in PEFT's layout or a file of it, or a trained model zip
     * @param base the model that a zip was trained from; null if none was given
     * @throws LowRankException if there is no adapter in it
     * @throws WrongUse if it needs a base
     */
    static Adapter read(Path path, @Nullable ModelFile base, Progress progress) throws IOException {
        PeftDirectory.Contents contents = open(path, base, progress);
        contents.notes().forEach(note -> progress.begin("note: " + note));
        return contents.adapter();
    }

    /** The same with what there is to say of the files. The state in a zip has the checksum of the zip. */
    static PeftDirectory.Contents open(Path path, @Nullable ModelFile base, Progress progress) throws IOException {
        progress.begin("reading " + path);
        Path directory = InputFiles.peftDirectory(path);
        if (directory != null) {
            return PeftDirectory.open(directory);
        }
        if (base == null) {
            throw new WrongUse(InputFiles.NEEDS_BASE);
        }
        return new PeftDirectory.Contents(TrainedAdapter.of(base, ModelFile.read(path)), true, List.of());
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
