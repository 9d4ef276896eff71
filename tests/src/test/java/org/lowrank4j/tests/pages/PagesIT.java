package org.lowrank4j.tests.pages;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lowrank4j.adapter.PeftDirectory;

/** Whole programs with the agent, on few drawn digits' worth of steps. */
class PagesIT {

    @TempDir
    private Path out;

    /** The lines of a page that a quick run has written. */
    private record Written(List<String> lines) {

        /** The part of the page from a heading on. */
        Written from(String heading) {
            return new Written(lines.subList(lines.indexOf("## " + heading), lines.size()));
        }

        /** A cell of the first row that begins with that name, from 1 for the one after the name. */
        String cell(String row, int column) {
            String line = lines.stream()
                    .filter(each -> each.startsWith("| " + row + " | "))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no row " + row + " in\n" + String.join("\n", lines)));
            return line.substring(2, line.length() - 2).substring(row.length()).split(" \\| ")[column];
        }

        /** A cell's number, without thousands' commas, unit and spread. */
        double number(String row, int column) {
            return Double.parseDouble(cell(row, column).split(" ")[0].replace(",", ""));
        }

        void says(String words) {
            assertTrue(lines.stream().anyMatch(line -> line.contains(words)), () -> words + " in\n" + lines);
        }
    }

    private Written written(String page, String... charts) throws IOException {
        assertEquals(0, Pages.run(page, "--quick", "--out=" + out));
        Path site = out.resolve(page).resolve("site");
        for (String chart : charts) {
            assertTrue(Files.size(site.resolve("resources").resolve(chart)) > 1000, chart);
        }
        return new Written(Files.readAllLines(site.resolve("markdown").resolve(page + ".md")));
    }

    @Test
    void starts() throws IOException {
        Written page = written("starts", "starts-other-digits.png", "starts-shifted-domain.png");
        for (String task : List.of("Other digits", "Shifted domain")) {
            Written table = page.from(task);
            int trained = task.startsWith("Other") ? 6 : 7;
            assertEquals("269,322", table.cell("full", trained));
            // Rank 8 for 784 x 256 and 256 x 256, and the output layer.
            assertEquals("14,986", table.cell("kaiming", trained));
            assertTrue(table.number("kaiming", 3) < table.number("kaiming", 1) / 2, "the loss fell");
        }
    }

    @Test
    void merging() throws IOException {
        Written page = written("merging", "merging.png");
        page.says("dropped part of the spectrum: **yes**");
        page.says("gives every adapter back: **yes**");
        double separate = page.number("separate adapters | rank 4", 1);
        assertTrue(separate > page.number("base | no adapter", 1) + 5);
        assertEquals(separate, page.number("RMM | p = 2", 1), 0.02);
        // 4 (784 + 256 + 256 + 256) numbers in each of three adapters.
        assertEquals(String.format("%.0f KiB", 3 * 4 * 1552 * 4 / 1024.0), page.cell("separate adapters | rank 4", 3));
        assertEquals(
                2,
                PeftDirectory.read(out.resolve("merging/adapters/rot-45"))
                        .layers()
                        .size());
    }

    @Test
    void randomBody() throws IOException {
        Written page = written("random-body");
        assertEquals("269,322", page.cell("full", 3));
        assertEquals("2,570", page.cell("head alone", 3));
        // Rank 16 for 784 x 256 and 256 x 256, and the output layer.
        assertEquals("27,402", page.cell("rank 16", 3));
        assertTrue(page.number("rank 16", 1) > page.number("head alone", 1), "adapters do better than the head alone");
    }

    @Test
    void fromScratch() throws IOException {
        Written page = written("from-scratch", "from-scratch.png");
        assertEquals("269,322", page.cell("full", 1));
        for (String arm : List.of("relora, r = 8, warm", "switchlora, r = 8")) {
            // Rank 8 for 784 x 256 and 256 x 256, their biases, and the output layer.
            assertEquals("15,498", page.cell(arm, 1));
            assertTrue(page.number(arm, 3) < page.number(arm, 2), "the loss of " + arm + " fell");
        }
        page.says("SwitchLoRA is as good as full rank: **");
    }

    @Test
    void gradients() throws IOException {
        Written page = written("gradients", "gradients.png", "gradients-time.png");
        for (String arm : List.of("Adam", "GaLore, r = 16", "M-FAC, m = 8")) {
            assertTrue(page.number(arm, 2) < page.number(arm, 1), "the loss of " + arm + " fell");
        }
        // Gradient and two moments of 50,890 floats; gradient and window of eight gradients.
        assertEquals("0.6 MiB", page.cell("Adam", 7));
        assertEquals("1.7 MiB", page.cell("M-FAC, m = 8", 7));
        page.says("GaLore states less memory than Adam: **yes**");
    }

    @Test
    void intrinsicDimension() throws IOException {
        Written page = written("intrinsic-dimension", "intrinsic-dimension.png");
        page.says("All 199,210 parameters of a network move");
        double part = page.number("d = 300", 2);
        assertTrue(part > 15 && part < page.number("all parameters", 2), "part " + part);
        page.says("750 dimensions reach 90 % of the baseline: **");
    }

    @Test
    void shrinking() throws IOException {
        Written page = written("shrinking", "shrinking.png");
        String trp = "TRP, e = 0.9";
        assertEquals(109_386, page.number("plain", 1));
        double kept = page.number(trp, 1);
        assertTrue(kept < 109_386, "kept " + kept);
        assertEquals(page.number(trp, 3), page.number(trp, 4), 0.1, "as trained and as written");
        Path model = out.resolve("shrinking/models/TRP-e-0.9/small-seed-1.zip");
        assertEquals(
                kept, ModelSerializer.restoreMultiLayerNetwork(model.toFile()).numParams());
        page.says("TRP, e = 0.9 is more accurate than plain training cut to its size: **");
    }

    @Test
    void byzantine() throws IOException {
        Written page = written("byzantine");
        assertEquals("not finite", page.cell("a hundred times as long", 3));
        assertTrue(page.number("a hundred times as long", 2) > 20, "flag learns");
        assertEquals(page.number("zeros", 3), page.number("zeros", 4), 0.2, "one step of SGD is that of the mean");
    }

    @Test
    void compression() throws IOException {
        Written page = written(
                "compression",
                "compression-dense.png",
                "compression-dense-time.png",
                "compression-convolutional.png",
                "compression-convolutional-time.png");
        page.says("Dense");
        page.says("Convolutional");
        double kept = page.number("`afm`", 2);
        assertTrue(kept > 0 && kept <= 0.3 * 535_818, "kept " + kept);
    }

    @Test
    void rates() throws IOException {
        Written page = written("rates", "rates-adapting.svg", "rates-from-scratch.svg");
        Written adapting = page.from("Adapting");
        assertEquals("13,066", adapting.cell("`lora`", 4));
        assertTrue(page.from("From scratch").number("`galore`", 2) > 25, "galore learns");
        assertTrue(page.from("The search against all rates").number("`lora`", 2) > 0);
        page.says("None failed or diverged.");
    }

    @Test
    void shrinkingConvolutions() throws IOException {
        Written page = written("shrinking-convolutions");
        assertTrue(page.number("TRP, channel, e = 0.9", 1) < page.number("plain", 1), "it is smaller");
        for (String way : List.of("TRP, channel, e = 0.9", "TRP, spatial, e = 0.9")) {
            assertEquals(page.number(way, 3), page.number(way, 4), 3, "as trained and cut");
        }
    }
}
