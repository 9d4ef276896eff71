package org.lowrank4j.tests.pages.starts;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lowrank4j.tests.pages.Arm;
import org.lowrank4j.tests.pages.Optimiser;
import org.lowrank4j.tests.pages.RateGrid;
import org.lowrank4j.tests.pages.Result;
import org.lowrank4j.tests.pages.Run;
import picocli.CommandLine;

class StartsPageTest {

    private static final int STEPS = 120;

    @TempDir
    Path directory;

    /** Runs with constant losses, so that running means are those, and an accuracy that rises with the seed. */
    private static List<Result> result(
            String name, double rate, double loss, double accuracy, long trained, long millis) {
        double[] losses = new double[STEPS];
        Arrays.fill(losses, loss);
        RateGrid grid = RateGrid.parse("1e-3,3e-3,1e-2");
        Arm arm = new Arm(name, Optimiser.ADAM, grid, "", "");
        List<Result> results = new ArrayList<>();
        for (Target target : Target.values()) {
            double kept = target.newHead ? Double.NaN : accuracy / 2;
            List<Run> runs = new ArrayList<>();
            for (int seed = 1; seed <= 2; seed++) {
                double shown = accuracy + 0.01 * seed;
                runs.add(new Run(rate, seed, loss, 0, shown, kept, trained, 0, 0, millis, losses, losses));
            }
            results.add(new Result(arm, runs, List.of()));
        }
        return results;
    }

    private StartsPage page(String data) {
        Starts starts = new Starts();
        new CommandLine(starts)
                .parseArgs(
                        "--data=" + data,
                        "--arms=full,kaiming,pissa",
                        "--seeds=2",
                        "--steps=" + STEPS,
                        "--rates=1e-3,3e-3,1e-2",
                        "--loss=0.3",
                        "--out=" + directory);
        Map<Start, List<Result>> results = new LinkedHashMap<>();
        results.put(starts.starts().get(0), result("full", 1e-3, 0.1, 0.95, 269_322, 4));
        results.put(starts.starts().get(1), result("kaiming", 3e-3, 0.4, 0.93, 14_986, 20));
        results.put(starts.starts().get(2), result("pissa", 3e-3, 0.25, 0.92, 14_986, 200));
        return starts.page(Map.of(Start.Base.TRAINED, 0.99, Start.Base.ROUNDED, 0.985), results);
    }

    @Test
    void tablesShowTheMeasuredSeeds() {
        List<String> lines = page("drawn").markdown().lines().toList();
        assertTrue(
                lines.contains(
                        "| start | loss after 20 | loss after 50 | loss after 100 | steps to loss 0.3 | accuracy |"
                                + " trained | time to start | rate |"),
                String.join("\n", lines));
        // The mark is that of a rate at the grid's edge.
        assertTrue(
                lines.contains("| full | 0.100 | 0.100 | 0.100 | 1 | 96.50 +- 0.71 % |" + " 269,322 | 4 ms | 1e-3 * |"),
                String.join("\n", lines));
        assertTrue(
                lines.contains("| kaiming | 0.400 | 0.400 | 0.400 | > 120 | 94.50 +- 0.71 % |"
                        + " 46.50 % | 14,986 | 20 ms | 3e-3 |"),
                String.join("\n", lines));
    }

    @Test
    void claimsAreJudgedByTheNumbers() {
        String page = page("drawn").markdown();
        // Two tasks: LoRA's accuracy no, its parameters yes; PiSSA's loss and steps yes, its accuracy no.
        assertTrue(page.contains("Of 10 comparisons 6 agree with the papers, 4 do not, and 0 are open."), page);
        assertTrue(
                page.contains(
                        "|  |  | fewer steps to loss 0.3 than kaiming | yes (1 against > 120) | yes (1 against > 120)"
                                + " |"),
                page);
        assertTrue(
                page.contains("- Shifted domain: pissa does not show a higher accuracy than kaiming: 93.50 % against"
                        + " 94.50 %.\n"),
                page);
        assertFalse(page.contains("milora"), "a claim about a row that was not run");
    }

    @Test
    void thePageTellsItsCommandDataAndRules() {
        String drawn = page("drawn").markdown();
        assertTrue(drawn.contains("**not with MNIST**"), drawn);
        assertTrue(drawn.contains("-Dpage=starts verify\n"), drawn);
        String mnist = page("somewhere/mnist").markdown();
        assertFalse(mnist.contains("not with MNIST"), mnist);
        assertTrue(mnist.contains("-Dpage=starts -Dpage.args=\"--data DIR\" verify\n"), mnist);
        assertFalse(mnist.contains("somewhere") || mnist.contains(directory.toString()), "a path of this machine");
        assertTrue(mnist.contains("99.00 % of its test digits") && mnist.contains("3 bits: 98.50 %"), mnist);
        assertTrue(
                mnist.contains("| pissa | `init=pissa,alpha=8,rank=8` | arXiv 2404.02948; exact decomposition |"),
                mnist);
    }

    @Test
    void filesAreReplacedWhole() throws IOException {
        Path old = directory.resolve("starts/site/markdown/starts.md");
        Files.createDirectories(old.getParent());
        Files.writeString(old, "old");
        page("drawn").write();
        for (Target target : Target.values()) {
            assertTrue(Files.size(directory.resolve("starts/site/resources/starts-" + target + ".png")) > 1000);
        }
        assertTrue(Files.readString(old).startsWith("# How the starts compare\n"));
        try (Stream<Path> all = Files.walk(directory)) {
            assertFalse(all.anyMatch(file -> file.toString().endsWith(".writing")));
        }
    }
}
