package org.lowrank4j.tests.pages.site;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SiteTest {

    private static final Path PROJECT = Path.of("..").toAbsolutePath().normalize();

    @Test
    void everyLinkLeadsSomewhere() {
        assertEquals(List.of(), new Site(PROJECT).broken());
    }

    @Test
    void theReadmeLeadsToEveryPage() throws IOException {
        TreeSet<Path> pages = new TreeSet<>();
        for (String folder : List.of("src/site/markdown", "src/adr")) {
            try (Stream<Path> files = Files.list(PROJECT.resolve(folder))) {
                files.forEach(pages::add);
            }
        }
        pages.removeAll(new Site(PROJECT).sources());
        assertEquals(new TreeSet<>(), pages);
    }

    @Test
    void pagesAndWhatTheyLinkToAreRendered(@TempDir Path out) throws IOException {
        new Site(PROJECT).write(out);
        String guide = Files.readString(out.resolve("guide.html"));
        assertTrue(guide.contains("<a href=\"methods.html\">"), guide);
        assertTrue(guide.contains("<link rel=\"stylesheet\" href=\"site.css\">"), guide);
        assertTrue(guide.contains("<a href=\"guide.html\" aria-current=\"page\">"), guide);
        String decision = Files.readString(out.resolve("src/adr/0006-measured-budgets.html"));
        assertTrue(decision.contains("href=\"../../site.css\""), decision);
        assertTrue(Files.isRegularFile(out.resolve("digits-mnist.png")));
    }

    @Test
    void linksToNothingAreFound(@TempDir Path project) throws IOException {
        Files.writeString(project.resolve("README.md"), "# A\n\n[b](b.md#there) [c](b.md#not-there) [d](d.md)\n");
        Files.writeString(project.resolve("b.md"), "# B\n\n## There\n");
        List<String> broken = new Site(project).broken();
        assertEquals(2, broken.size(), broken::toString);
        assertTrue(broken.get(0).endsWith("d.md is no file of the project"), broken::toString);
        assertTrue(broken.get(1).endsWith("b.md has no heading #not-there"), broken::toString);
    }
}
