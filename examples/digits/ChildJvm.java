package digits;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A program in a JVM of its own, as a user would start it, which ends when we end.
 *
 * @param program its class
 * @param directory where what it prints goes
 */
record ChildJvm(Class<?> program, Path directory) {

    /**
     * Runs it to its end.
     *
     * @param jvm options before the class name, such as {@code -javaagent:...}
     * @param options of the program
     * @param data what its option {@code --data} is
     * @return the lines of its error stream
     * @throws IOException if it ends with another exit code than 0
     */
    List<String> run(List<String> jvm, List<String> options, String data) throws IOException, InterruptedException {
        Files.createDirectories(directory);
        Path errors = directory.resolve("errors.txt");
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx512m", "-XX:+UseSerialGC"));
        command.addAll(jvm);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), program.getName(), "--data=" + data));
        command.addAll(options);
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectOutput(directory.resolve("output.txt").toFile())
                .redirectError(errors.toFile());
        // One thread each: times that do not depend on what else the machine does, and reproducible sums.
        builder.environment().put("OMP_NUM_THREADS", "1");
        Process process = builder.start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroy));
        if (process.waitFor() != 0) {
            throw new IOException(program.getSimpleName() + " ended with exit code " + process.exitValue() + ":\n"
                    + Files.readString(errors));
        }
        return Files.readAllLines(errors);
    }
}
