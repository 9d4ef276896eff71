package org.lowrank4j.tests.pages.merging;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class MergingPageTest {

    @TempDir
    Path directory;

    private static Row row(Row.Kind kind, String title, String settings, long numbers, double first, double second) {
        return new Row(kind, title, settings, numbers, new double[] {first, second});
    }

    /** Separate adapters of 1,024 numbers at 90 %; what RMM reaches with p = 1, and how far its errors differ, varies. */
    private static Results results(double reversible, double measured) {
        List<Row> rows = new ArrayList<>();
        rows.add(row(Row.Kind.BASE, "base", "no adapter", 0, 0.3, 0.1));
        for (Way way : Way.values()) {
            double plus = way == Way.SVD || way == Way.TIES_OF_UPDATES || way == Way.DARE_OF_UPDATES ? 0.1 : 0;
            rows.add(row(Row.Kind.ONE, way.title, "weight 0.5", 256, 0.6 + plus, 0.4 + plus));
        }
        rows.add(row(Row.Kind.REVERSIBLE, "RMM", "p = 1", 512, reversible, reversible));
        rows.add(row(Row.Kind.REVERSIBLE, "RMM", "p = 2", 1536, 0.95, 0.85));
        rows.add(row(Row.Kind.TRUNCATED, "each cut by SVD", "rank 1", 256, 0.7, 0.7));
        rows.add(row(Row.Kind.TRUNCATED, "each cut by SVD", "rank 2", 512, 0.8, 0.8));
        rows.add(row(Row.Kind.SEPARATE, "separate adapters", "rank 4", 1024, 0.95, 0.85));
        return new Results(
                0.975,
                rows,
                List.of(
                        new Reconstruction(1, List.of(), 512, measured, 2, 8),
                        new Reconstruction(2, List.of(), 1536, 0, 0, 8)));
    }

    private MergingPage page(String data, Results results) {
        Merging merging = new Merging();
        new CommandLine(merging).parseArgs("--data=" + data, "--angles=-20,40", "--rank=4", "--out=" + directory);
        return merging.page(results);
    }

    @Test
    void theTableHasAccuracyAndStorage() {
        List<String> lines = page("drawn", results(0.85, 2)).markdown().lines().toList();
        for (String expected : List.of(
                "| base | no adapter | 20.00 % | 10.00 % | 0 KiB | 0.0 % |",
                "| linear | weight 0.5 | 50.00 % | 40.00 % | 1 KiB | 25.0 % |",
                "| RMM | p = 2 | 90.00 % | 85.00 % | 6 KiB | 150.0 % |",
                "| separate adapters | rank 4 | 90.00 % | 85.00 % | 4 KiB | 100.0 % |",
                "| 1 | 2.00000 | 2.00000 | 0.0e+00 | 25.0 % |",
                "| turned by | -20 | 40 |",
                "| each cut by SVD, rank 2 | 80.0 % | 80.0 % |")) {
            assertTrue(lines.contains(expected), expected + " in\n" + String.join("\n", lines));
        }
    }

    @Test
    void findingsFollowTheNumbers() {
        String good = page("drawn", results(0.85, 2)).markdown();
        assertTrue(good.contains("dropped part of the spectrum: **yes**"), good);
        assertTrue(good.contains("gives every adapter back: **yes**"), good);
        assertTrue(
                good.contains(
                        "by more than a point: **yes** (from RMM (p = 1) 85.00 % at 50.0 % of the storage, against"),
                good);
        assertTrue(
                good.contains("no more storage, by more than a point: **yes** (p = 1 85.00 %, rank 2 80.00 %)"), good);
        assertTrue(good.contains("at the same rank: **yes** (SVD 60.00 %, linear 50.00 %;"), good);

        String bad = page("drawn", results(0.58, 2.001)).markdown();
        assertTrue(bad.contains("dropped part of the spectrum: **no** (they differ by at most 1e-04"), bad);
        assertTrue(
                bad.contains("by more than a point: **no** (RMM (p = 2) 90.00 % at 150.0 % of the storage, against"),
                bad);
        assertTrue(bad.contains("no more storage, by more than a point: **no** (p = 1 58.00 %, rank 2 80.00 %)"), bad);
    }

    @Test
    void thePageTellsItsCommandAndData() {
        String drawn = page("drawn", results(0.85, 2)).markdown();
        assertTrue(drawn.contains("**not with MNIST**") && drawn.contains("-Dpage=merging verify\n"), drawn);
        String mnist = page("somewhere/mnist", results(0.85, 2)).markdown();
        assertTrue(mnist.contains("-Dpage=merging -Dpage.args=\"--data DIR\" verify\n"), mnist);
        assertFalse(mnist.contains("not with MNIST") || mnist.contains("somewhere"), mnist);
        assertFalse(mnist.contains(directory.toString()), "a path of this machine");
        assertTrue(mnist.contains("97.50 % of the test digits") && mnist.contains("turned by -20, 40 degrees"), mnist);
        assertTrue(mnist.contains("`rank=4,alpha=4,train=none`"), mnist);
    }

    @Test
    void filesAreReplacedWhole() throws IOException {
        Path old = directory.resolve("merging/site/markdown/merging.md");
        Files.createDirectories(old.getParent());
        Files.writeString(old, "old");
        page("drawn", results(0.85, 2)).write();
        assertTrue(Files.size(directory.resolve("merging/site/resources/merging.png")) > 1000);
        assertTrue(Files.readString(old).startsWith("# Merging of adapters\n"));
        try (Stream<Path> all = Files.walk(directory)) {
            assertFalse(all.anyMatch(
                    file -> file.toString().toLowerCase(Locale.ROOT).endsWith(".writing")));
        }
    }

    @Test
    void theChartHasEveryKindInItsColour() throws IOException {
        Path file = directory.resolve("chart.png");
        StorageChart.of(results(0.85, 2)).write(file);
        BufferedImage image = ImageIO.read(file.toFile());
        Set<Integer> colours = new HashSet<>();
        for (int x = 0; x < image.getWidth(); x++) {
            // Above the legend.
            for (int y = 0; y < 400; y++) {
                colours.add(image.getRGB(x, y) & 0xffffff);
            }
        }
        assertTrue(colours.contains(0x0072b2), "RMM with p = 1, 85 %");
    }
}
