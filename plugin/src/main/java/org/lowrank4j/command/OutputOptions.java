package org.lowrank4j.command;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.command.work.InputFiles;
import org.lowrank4j.command.work.WrongUse;
import org.lowrank4j.method.Excerpt;
import picocli.CommandLine.Option;

/** Where a verb writes. */
final class OutputOptions {

    @Option(
            names = {"-o", "--output"},
            paramLabel = "OUT",
            required = true,
            description =
                    "What to write. A file is written beside and then moved into place, so an interruption leaves the"
                            + " old or the new, never a part. A device or a pipe is written to.")
    private String output = "";

    @Option(names = "--force", description = "Replace OUT if it is there.")
    private boolean force;

    /** Refuses before anything is read what could not be written in the end. */
    void check() {
        Path output = path();
        Path present = present();
        if (!force && present != null) {
            throw new WrongUse(present + " is there already. Give another OUT, or --force to replace it.");
        }
        Path parent = output.toAbsolutePath().getParent();
        if (parent == null || !Files.isDirectory(parent)) {
            throw new WrongUse("The directory of " + output + " does not exist.");
        }
    }

    /** The file of an earlier output that would be replaced. */
    private @Nullable Path present() {
        Path output = path();
        if (Files.isDirectory(output)) {
            for (String name : InputFiles.PEFT_FILES) {
                if (Files.exists(output.resolve(name))) {
                    return output.resolve(name);
                }
            }
            return null;
        }
        // Nothing of a device or a pipe is replaced.
        return Files.isRegularFile(output) ? output : null;
    }

    Path path() {
        try {
            return Path.of(output);
        } catch (InvalidPathException noPath) {
            throw new WrongUse("'" + Excerpt.of(output) + "' is no path: " + noPath.getReason() + ".");
        }
    }

    /** Whether it is written as a directory, which a path does not tell. */
    private boolean endsAsDirectory() {
        return output.endsWith("/") || output.endsWith(File.separator);
    }

    boolean isZip() {
        return !endsAsDirectory() && InputFiles.hasZipName(path());
    }

    /** For verbs that write an adapter. */
    void checkDirectory() {
        Path output = path();
        if (isZip() || (Files.exists(output) && !Files.isDirectory(output))) {
            throw new WrongUse("An adapter is written as a directory in PEFT's layout, and " + output + " "
                    + (isZip() ? "is the name of a zip" : "is a file")
                    + ". Give a directory; the verb convert makes a zip of it.");
        }
        check();
    }

    /** For verbs that write a model. */
    void checkZip() {
        if (endsAsDirectory() || Files.isDirectory(path())) {
            throw new WrongUse("A model is written as a zip, and " + output + " is a directory. Give the name of a file"
                    + " in it: " + path().resolve("merged.zip") + ".");
        }
        check();
    }
}
