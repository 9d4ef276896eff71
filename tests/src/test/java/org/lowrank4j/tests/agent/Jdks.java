package org.lowrank4j.tests.agent;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Stream;

/** Finds JDKs other than the one of the build. */
final class Jdks {

    private Jdks() {}

    /** The home of a JDK of this feature release; the test is skipped if there is none. */
    static Path require(int feature) throws IOException {
        Optional<Path> home = find(feature);
        assumeTrue(
                home.isPresent(),
                "no JDK " + feature + " found: name its home with -Djdk" + feature + ".home=... or JAVA" + feature
                        + "_HOME");
        return home.get();
    }

    private static Optional<Path> find(int feature) throws IOException {
        for (String named : new String[] {
            System.getProperty("jdk" + feature + ".home"),
            System.getenv("JAVA" + feature + "_HOME"),
            System.getProperty("java.home")
        }) {
            if (named != null && isRelease(Path.of(named), feature)) {
                return Optional.of(Path.of(named));
            }
        }
        for (Path folder :
                List.of(Path.of("/usr/lib/jvm"), Path.of(System.getProperty("user.home"), ".sdkman/candidates/java"))) {
            if (Files.isDirectory(folder)) {
                try (Stream<Path> homes = Files.list(folder)) {
                    Optional<Path> found = homes.sorted()
                            .filter(home -> isRelease(home, feature))
                            .findFirst();
                    if (found.isPresent()) {
                        return found;
                    }
                }
            }
        }
        return Optional.empty();
    }

    /** Reads the file {@code release} that every JDK has. */
    private static boolean isRelease(Path home, int feature) {
        Path release = home.resolve("release");
        if (!Files.isReadable(release)
                || !Files.isExecutable(home.resolve("bin").resolve("java"))) {
            return false;
        }
        try (InputStream stream = Files.newInputStream(release)) {
            Properties properties = new Properties();
            properties.load(stream);
            String version = properties.getProperty("JAVA_VERSION", "").replace("\"", "");
            return version.equals(Integer.toString(feature)) || version.startsWith(feature + ".");
        } catch (IOException unreadable) {
            return false;
        }
    }
}
