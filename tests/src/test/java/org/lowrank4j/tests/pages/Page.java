package org.lowrank4j.tests.pages;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.lowrank4j.file.Replacement;

/**
 * A page in Markdown as it is put together, and its charts. Nothing is written before the end, so that a run that fails leaves
 * the old page whole.
 */
public final class Page {

    private static final String COMMAND = "./mvnw -q -B -ntp -pl tests -am -DskipTests -Ppages -Dpage=%s%s verify";

    private enum Kind {
        NOTHING,
        PARAGRAPH,
        ITEM,
        ROW
    }

    private final Path site;
    private final String name;
    private final StringBuilder text = new StringBuilder();
    private final Map<String, Chart> charts = new LinkedHashMap<>();
    private final Map<String, String> drawings = new LinkedHashMap<>();
    private Kind last = Kind.NOTHING;

    /**
     * An empty page.
     *
     * @param site the folder of {@code markdown} and {@code resources}
     * @param name of its file, without the ending
     */
    public Page(Path site, String name) {
        this.site = site;
        this.name = name;
    }

    /** Begins with a title, what the page is about, and the command that writes it on MNIST, or on what it was told. */
    public static Page onDigits(DigitSettings settings, String name, String title, String about) {
        Page page = new Page(settings.site(), name);
        page.paragraph("# " + title);
        page.paragraph(about + " This page is written by");
        page.command(settings.drawn() ? "" : "--data DIR");
        page.paragraph(
                settings.drawn()
                        ? "with the digits that the example draws itself, **not with MNIST**: the numbers say nothing about"
                                + " other data."
                        : "where DIR has the four MNIST files.");
        return page;
    }

    /** How to write this page. */
    public void command(String arguments) {
        String options = arguments.isEmpty() ? "" : " -Dpage.args=\"" + arguments + "\"";
        paragraph("```sh\n" + COMMAND.formatted(name, options) + "\n```");
    }

    public void section(String title) {
        paragraph("## " + title);
    }

    /** A paragraph, or several. */
    public void paragraph(String words) {
        line(Kind.PARAGRAPH, words);
    }

    public void item(String words) {
        line(Kind.ITEM, "- " + words);
    }

    /** A row of a table. A bar inside of a cell would end it. */
    public void row(List<String> cells) {
        line(
                Kind.ROW,
                cells.stream()
                        .map(cell -> cell.replaceAll("(?<!\\\\)\\|", "\\\\|"))
                        .collect(Collectors.joining(" | ", "| ", " |")));
    }

    /** The first row of a table, and the line under it. */
    public void header(List<String> cells) {
        row(cells);
        row(cells.stream().map(cell -> "---").toList());
    }

    /** The first row of a table, and the line under it. */
    public void header(String... cells) {
        header(Arrays.asList(cells));
    }

    /** A whole table. */
    public void table(List<String> head, List<List<String>> rows) {
        header(head);
        rows.forEach(this::row);
    }

    /** All of another page, as further paragraphs. */
    public void append(Page other) {
        if (other.last != Kind.NOTHING) {
            paragraph(other.text.toString().stripTrailing());
            last = other.last;
        }
        charts.putAll(other.charts);
        drawings.putAll(other.drawings);
    }

    /**
     * A chart, here.
     *
     * @param suffix of its file's name after that of the page; empty for the only one
     */
    public void chart(String suffix, String caption, Chart chart) {
        charts.put(name + suffix + ".png", chart);
        paragraph("![" + caption + "](../resources/" + name + suffix + ".png)");
    }

    /**
     * A picture of lines and words, here.
     *
     * @param svg the whole file
     */
    public void drawing(String suffix, String caption, String svg) {
        drawings.put(name + suffix + ".svg", svg);
        paragraph("![" + caption + "](../resources/" + name + suffix + ".svg)");
    }

    /** What was expected and what was seen. */
    public void claims(List<Claim> claims) {
        claims.forEach(claim -> item(claim.statement() + ": **" + claim.outcome() + "** (" + claim.numbers() + ")."));
    }

    private void line(Kind kind, String line) {
        if (last != Kind.NOTHING && (kind == Kind.PARAGRAPH || kind != last)) {
            text.append('\n');
        }
        text.append(line).append('\n');
        last = kind;
    }

    /** The page. */
    public String markdown() {
        return text.toString();
    }

    /** Writes charts and page, and says where they are. */
    public void write() throws IOException {
        Path pictures = Files.createDirectories(site.resolve("resources"));
        for (Map.Entry<String, Chart> chart : charts.entrySet()) {
            Path picture = pictures.resolve(chart.getKey());
            chart.getValue().write(picture);
            System.out.println("Written: " + picture);
        }
        for (Map.Entry<String, String> drawing : drawings.entrySet()) {
            Path picture = pictures.resolve(drawing.getKey());
            Replacement.write(picture, drawing.getValue());
            System.out.println("Written: " + picture);
        }
        Path page = Files.createDirectories(site.resolve("markdown")).resolve(name + ".md");
        Replacement.write(page, markdown());
        System.out.println("Written: " + page);
    }
}
