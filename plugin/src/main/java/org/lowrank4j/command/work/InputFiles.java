package org.lowrank4j.command.work;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What the files on a command line are, by their names and places; what is in them is for their readers to judge. */
public final class InputFiles {

    /** The files of an adapter in PEFT's layout. */
    public static final List<String> PEFT_FILES = List.of("adapter_config.json", "adapter_model.safetensors");

    /** What to tell who gives a trained model zip in the place of an adapter, and no base. */
    public static final String NEEDS_BASE =
            "A zip holds effective weights, so the model that training started from is needed to tell the adapter from it."
                    + " Give it with --base.";

    private InputFiles() {}

    public static void checkExists(Path file) {
        if (!Files.exists(file)) {
            throw new WrongUse("There is no file or directory " + file + ".");
        }
    }

    public static void checkModel(Path file) {
        checkExists(file);
        if (Files.isDirectory(file)) {
            throw new WrongUse(file + " is a directory, and a model zip of Deeplearning4j is expected there.");
        }
    }

    public static void checkBase(@Nullable Path base) {
        if (base != null) {
            checkModel(base);
        }
    }

    /** The directory of an adapter in PEFT's layout, named by itself or by a file in it; null if it is something else. */
    public static @Nullable Path peftDirectory(Path file) {
        if (Files.isDirectory(file)) {
            return file;
        }
        Path name = file.getFileName();
        if (name != null && PEFT_FILES.contains(name.toString())) {
            return file.toAbsolutePath().getParent();
        }
        return null;
    }

    public static boolean hasZipName(Path file) {
        return String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT).endsWith(".zip");
    }
}
