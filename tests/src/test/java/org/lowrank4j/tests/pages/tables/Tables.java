package org.lowrank4j.tests.pages.tables;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.lowrank4j.file.Replacement;

/**
 * Writes what pages say of methods, keys and kinds of layers: {@code -Ppages -Dpage=tables}. A test fails while a page says
 * something else.
 */
public final class Tables {

    /** The command, for who reads that a page is out of date. */
    static final String COMMAND = "./mvnw -q -B -ntp -pl tests -am -DskipTests -Ppages -Dpage=tables verify";

    private Tables() {}

    public static void main(String[] args) throws IOException {
        Path project =
                Path.of(System.getProperty("pages.site")).resolve("../..").normalize();
        Blocks blocks = blocks(project);
        for (Path page : pages(project)) {
            String before = Files.readString(page);
            String after = blocks.fill(before);
            if (!after.equals(before)) {
                Replacement.write(page, after);
                System.out.println("Written: " + page);
            }
        }
    }

    /** The pages that may have blocks. */
    static List<Path> pages(Path project) {
        return Stream.concat(
                        Stream.of(project.resolve("README.md")), files(project.resolve("src/site/markdown")).stream())
                .toList();
    }

    /** Everything that is written, from the sources under a folder. */
    static Blocks blocks(Path project) {
        Sources sources = new Sources(project.resolve("plugin/src/main/java"));
        MethodTables methods = new MethodTables(sources);
        KeyTable keys = new KeyTable(sources);
        KindTable kinds = new KindTable(sources);
        Map<String, Supplier<String>> contents = new HashMap<>();
        contents.put("initialisations", methods::initialisations);
        contents.put("gradients", methods::gradients);
        contents.put("updates", methods::updates);
        contents.put("updaters", methods::updaters);
        contents.put("averages", methods::averages);
        contents.put("losses", methods::losses);
        contents.put("exchanges", methods::exchanges);
        contents.put("factorisations", methods::factorisations);
        contents.put("keys", keys::table);
        contents.put("kinds", kinds::table);
        contents.put("report", ReportSample::text);
        contents.put("decisions", () -> decisions(project.resolve("src/adr")));
        return new Blocks(contents);
    }

    /** A list of the decisions by their headings, for a page of the site. */
    private static String decisions(Path folder) {
        return files(folder).stream()
                .map(file -> "- [" + heading(file) + "](../../adr/" + file.getFileName() + ")\n")
                .collect(Collectors.joining());
    }

    private static String heading(Path page) {
        try (Stream<String> lines = Files.lines(page)) {
            return lines.findFirst().orElseThrow().replaceFirst("^# ", "");
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static List<Path> files(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
