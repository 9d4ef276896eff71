package org.lowrank4j.command;

import java.net.MalformedURLException;
import java.net.URL;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.command.work.Progress;
import org.lowrank4j.command.work.WrongUse;
import picocli.CommandLine.Option;

/** Where Deeplearning4j is: the user's own version is used, none comes with this jar. */
final class ClassPathOptions {

    private static final String NETWORK = "org/deeplearning4j/nn/multilayer/MultiLayerNetwork.class";
    private static final String BACKENDS = "META-INF/services/org.nd4j.linalg.factory.Nd4jBackend";

    @Option(
            names = {"-cp", "--classpath"},
            paramLabel = "PATH",
            description =
                    "Class path with Deeplearning4j and an ND4J backend: jars, directories of classes, DIR/* for all"
                            + " jars of a directory, separated as for java -cp.")
    @Nullable String classPath;

    @Option(
            names = "--project",
            paramLabel = "DIR",
            description = "Maven project with Deeplearning4j instead: uses DIR/target/classes and what is listed in"
                    + " DIR/target/classpath (mvn dependency:build-classpath -Dmdep.outputFile=target/classpath) or"
                    + " copied to DIR/target/dependency (mvn dependency:copy-dependencies). Without both options the"
                    + " present directory is taken, if it is such a project.")
    @Nullable Path project;

    /** Lets Deeplearning4j be found where the options say, and refuses if it is not there or cannot run. */
    void find(Consumer<URL> target, Progress progress) {
        findDeeplearning4j(target);
        requireBackend();
        Slf4j.settle(ClassPathOptions.class.getClassLoader());
        progress.begin("loading Deeplearning4j");
    }

    /** Refuses if Deeplearning4j is not there. */
    void findDeeplearning4j(Consumer<URL> target) {
        List<Path> entries = entries();
        entries.forEach(entry -> target.accept(url(entry)));
        ClassLoader loader = ClassPathOptions.class.getClassLoader();
        if (loader.getResource(NETWORK) == null) {
            throw new WrongUse("Deeplearning4j was not found. " + searched(entries)
                    + " Give its class path with --classpath, for example --classpath 'lib/*', or a Maven project with"
                    + " --project DIR.");
        }
        // ND4J looks for its backend there.
        Thread.currentThread().setContextClassLoader(loader);
    }

    /** Refuses if there is nothing that ND4J could compute with. */
    void requireBackend() {
        if (ClassPathOptions.class.getClassLoader().getResource(BACKENDS) == null) {
            throw new WrongUse("Deeplearning4j was found, but no ND4J backend. " + searched(entries())
                    + " Add nd4j-native (org.nd4j:nd4j-native-platform) to the class path.");
        }
    }

    /** What the options name, in order; empty if they are absent and the present directory is no such project. */
    List<Path> entries() {
        List<Path> entries = new ArrayList<>();
        String given = classPath;
        if (given != null) {
            entries.addAll(ClassPath.entries(given));
        }
        Path directory = project;
        if (directory != null) {
            entries.addAll(ClassPath.ofProject(directory));
        } else if (given == null && ClassPath.isProject(Path.of(""))) {
            entries.addAll(ClassPath.ofProject(Path.of("")));
        }
        return entries;
    }

    private String searched(List<Path> entries) {
        if (entries.isEmpty()) {
            return "No class path was given, and the present directory is no Maven project with target/classpath or"
                    + " target/dependency.";
        }
        int shown = Math.min(5, entries.size());
        return "Searched: "
                + String.join(
                        ", ",
                        entries.subList(0, shown).stream().map(Path::toString).toList())
                + (shown < entries.size() ? " and " + (entries.size() - shown) + " more." : ".");
    }

    private static URL url(Path entry) {
        try {
            return entry.toUri().toURL();
        } catch (MalformedURLException impossible) {
            throw new IllegalStateException("every file has a URL", impossible);
        }
    }
}
