package org.lowrank4j.command;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.lowrank4j.command.work.WrongUse;

/** Class paths as users write them, entry by entry. */
final class ClassPath {

    private static final String WILDCARD = "*";

    private ClassPath() {}

    /**
     * The entries of a class path, with wildcards expanded.
     *
     * @throws WrongUse if an entry is not there, or cannot be used as one
     */
    static List<Path> entries(String classPath) {
        List<Path> entries = new ArrayList<>();
        for (String entry : classPath.split(File.pathSeparator)) {
            if (entry.equals(WILDCARD) || entry.endsWith("/" + WILDCARD) || entry.endsWith(File.separator + WILDCARD)) {
                entries.addAll(jarsIn(path(entry.substring(0, entry.length() - 1))));
            } else if (!entry.isEmpty()) {
                entries.add(checked(path(entry)));
            }
        }
        return entries;
    }

    private static Path path(String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException noPath) {
            throw new WrongUse("'" + text + "' in the class path is no path: " + noPath.getReason() + ".");
        }
    }

    private static Path checked(Path entry) {
        if (!Files.exists(entry)) {
            throw new WrongUse("'" + entry + "' in the class path does not exist.");
        }
        if (Files.isRegularFile(entry)) {
            try (JarFile jar = new JarFile(entry.toFile(), false)) {
                if (jar.getEntry("BOOT-INF/") != null) {
                    throw new WrongUse(entry + " is a Spring Boot jar, whose libraries are jars inside it. Unpack it"
                            + " (java -Djarmode=tools -jar " + entry.getFileName()
                            + " extract) and give the directory of the libraries: lib/*.");
                }
            } catch (IOException noJar) {
                throw new WrongUse("'" + entry + "' in the class path is no readable jar: " + noJar.getMessage() + ".");
            }
        }
        return entry;
    }

    private static List<Path> jarsIn(Path directory) {
        if (!Files.isDirectory(directory)) {
            throw new WrongUse("'" + directory + File.separator + "*' in the class path names no directory.");
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.getFileName().toString().endsWith(".jar"))
                    .sorted()
                    .toList();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** Whether a directory is a Maven project whose dependencies can be found without running Maven. */
    static boolean isProject(Path directory) {
        return Files.isRegularFile(list(directory)) || Files.isDirectory(copies(directory));
    }

    /**
     * The class path of a Maven project: its own classes, then its dependencies as Maven listed or copied them.
     *
     * @throws WrongUse if they were not listed or copied
     */
    static List<Path> ofProject(Path directory) {
        if (!isProject(directory)) {
            throw new WrongUse("The project " + directory + " has neither " + list(directory) + " nor "
                    + copies(directory)
                    + ". Run in it once: mvn compile dependency:build-classpath -Dmdep.outputFile=target/classpath");
        }
        List<Path> entries = new ArrayList<>();
        Path classes = directory.resolve("target").resolve("classes");
        if (Files.isDirectory(classes)) {
            entries.add(classes);
        }
        if (!Files.isRegularFile(list(directory))) {
            entries.addAll(jarsIn(copies(directory)));
            return entries;
        }
        try {
            entries.addAll(entries(Files.readString(list(directory)).strip()));
            return entries;
        } catch (WrongUse outdated) {
            throw new WrongUse(list(directory) + " is out of date: " + outdated.getMessage()
                    + " Run again: mvn dependency:build-classpath -Dmdep.outputFile=target/classpath");
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static Path list(Path directory) {
        return directory.resolve("target").resolve("classpath");
    }

    private static Path copies(Path directory) {
        return directory.resolve("target").resolve("dependency");
    }
}
