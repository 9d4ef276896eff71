package org.lowrank4j.tests.pages.published;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.lowrank4j.file.Replacement;
import org.lowrank4j.tests.pages.chart.Chart;

/** A page in Markdown as it is put together, and the files that it and its chart become. */
final class Page {

    private static final String COMMAND = "./mvnw -q -B -ntp -pl tests -am -DskipTests -Ppages -Dpage=%s%s verify";

    private final Settings settings;
    private final String name;
    private final StringBuilder text = new StringBuilder();
    private final Map<String, Chart> charts = new LinkedHashMap<>();

    /**
     * Begins with a title, what the page is about, and the command that writes it.
     *
     * @param name of its file, without the ending
     * @param program whose main writes it
     */
    Page(Settings settings, String name, Class<?> program, String title, String about) {
        this.settings = settings;
        this.name = name;
        line("# " + title);
        paragraph(about + " This page is written by");
        line("");
        line("```sh");
        line(String.format(Locale.ROOT, COMMAND, name, settings.drawn() ? "" : " -Dpage.args=\"--data DIR\""));
        line("```");
        paragraph(
                settings.drawn()
                        ? "with the digits that the example draws itself, **not with MNIST**: the numbers say nothing about"
                                + " other data."
                        : "where DIR has the four MNIST files.");
    }

    void section(String title) {
        paragraph("## " + title);
        line("");
    }

    void paragraph(String words) {
        line("");
        line(words);
    }

    void item(String words) {
        line("- " + words);
    }

    /** A row of a table. */
    void row(List<String> cells) {
        line("| " + String.join(" | ", cells) + " |");
    }

    /** The first row of a table, and the line under it. */
    void header(String... cells) {
        row(List.of(cells));
        row(Arrays.stream(cells).map(cell -> "---").toList());
    }

    /**
     * A chart, here.
     *
     * @param suffix of its file's name after that of the page; empty for the first one
     */
    void chart(String suffix, String caption, Chart chart) {
        charts.put(name + suffix + ".png", chart);
        paragraph("![" + caption + "](../resources/" + name + suffix + ".png)");
    }

    /** What was expected and what was seen. */
    void findings(List<Finding> findings) {
        section("What the papers claim");
        line(
                "Each is about the models and data of its paper; the question here is what of it shows on this small network."
                        + " Differences are taken seed by seed; one that is not larger than its standard deviation leaves the question"
                        + " open.");
        line("");
        findings.forEach(
                finding -> item(finding.statement() + ": **" + finding.outcome() + "** (" + finding.numbers() + ")."));
    }

    /** What the agent was given for each arm. */
    void rules(List<Arm> arms) {
        section("The rules");
        header("arm", "updater", "agent's arguments", "what it is");
        for (Arm arm : arms) {
            row(List.of(
                    arm.name(),
                    arm.optimiser().toString(),
                    arm.usesAgent() ? "`" + arm.rule() + "`" : "without the agent",
                    arm.note()));
        }
    }

    private void line(String line) {
        text.append(line).append('\n');
    }

    /** The page. */
    String markdown() {
        return text.toString();
    }

    /** Writes charts and page, and says where they are. */
    void write() throws IOException {
        Path pictures = Files.createDirectories(settings.site().resolve("resources"));
        for (Map.Entry<String, Chart> chart : charts.entrySet()) {
            Path picture = pictures.resolve(chart.getKey());
            chart.getValue().write(picture);
            System.out.println("Written: " + picture);
        }
        Path page = Files.createDirectories(settings.site().resolve("markdown")).resolve(name + ".md");
        Replacement.write(page, markdown());
        System.out.println("Written: " + page);
    }
}
