package org.lowrank4j.tests.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A page in Markdown and its pictures. Everything is written beside its place first and moved there at the end, so that a
 * run that fails leaves the old page whole.
 */
final class Page {

    private final Path site;
    private final String name;
    private final StringBuilder text = new StringBuilder();
    private final Map<Path, Path> unfinished = new LinkedHashMap<>();

    /**
     * @param site the folder of {@code markdown} and {@code resources}
     * @param name of the page, without its ending
     */
    Page(Path site, String name) {
        this.site = site;
        this.name = name;
    }

    void section(String title) {
        line("");
        line("## " + title);
    }

    /** A paragraph, or several. */
    void text(String paragraphs) {
        line("");
        line(paragraphs);
    }

    void table(List<String> head, List<List<String>> rows) {
        text.append('\n').append(markdown(head, rows));
    }

    /** A table, one line a row. */
    static String markdown(List<String> head, List<List<String>> rows) {
        StringBuilder table = new StringBuilder();
        table.append("| ").append(String.join(" | ", head)).append(" |\n");
        table.append("| ").append("--- | ".repeat(head.size()).strip()).append('\n');
        rows.forEach(row -> table.append("| ").append(String.join(" | ", row)).append(" |\n"));
        return table.toString();
    }

    /** Refers to a picture here, and says where to write it. */
    Path picture(String meaning, String file) throws IOException {
        line("");
        line("![" + meaning + "](../resources/" + file + ")");
        return sibling(site.resolve("resources").resolve(file));
    }

    private Path sibling(Path file) throws IOException {
        Files.createDirectories(file.getParent());
        Path sibling = file.resolveSibling(file.getFileName() + ".unfinished");
        sibling.toFile().deleteOnExit();
        unfinished.put(sibling, file);
        return sibling;
    }

    /**
     * Puts the page and its pictures in place.
     *
     * @param opening title and what else comes first, known only when all has been measured
     */
    List<Path> write(String opening) throws IOException {
        Path file = site.resolve("markdown").resolve(name + ".md");
        Files.writeString(sibling(file), opening + text);
        List<Path> written = new ArrayList<>();
        for (Map.Entry<Path, Path> one : unfinished.entrySet()) {
            written.add(Files.move(one.getKey(), one.getValue(), StandardCopyOption.REPLACE_EXISTING));
        }
        return written;
    }

    private void line(String line) {
        text.append(line).append('\n');
    }
}
