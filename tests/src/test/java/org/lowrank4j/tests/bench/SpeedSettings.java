package org.lowrank4j.tests.bench;

import java.io.File;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lowrank4j.tests.pages.Settings;
import picocli.CommandLine.Option;

/** What to measure and how long. A list's first entry is what the other lists are varied at. */
final class SpeedSettings extends Settings {

    static final List<String> PARTS =
            List.of("step", "growth", "soak", "products", "memory", "startup", "idle", "decomposition");
    private static final List<String> NETWORKS = List.of(
            "mln",
            "cg",
            "conv",
            "conv-frozen",
            "depthwise",
            "depthwise-frozen",
            "batchnorm-frozen",
            "lstm",
            "embedding",
            "resnet50",
            "mobilenetv2");
    private static final List<String> UPDATERS = List.of("adam", "sgd");
    private static final List<String> FITS = List.of("iterator", "dataset");

    @Option(
            names = "--parts",
            split = ",",
            description = "of step, growth, soak, products, memory, startup, idle, decomposition")
    private List<String> parts;

    @Option(names = "--full", description = "every combination of the lists, for hours")
    private boolean full;

    @Option(
            names = "--networks",
            split = ",",
            description = "mln, cg, conv, conv-frozen, depthwise, depthwise-frozen, batchnorm-frozen, lstm, embedding,"
                    + " resnet50, mobilenetv2 (all; quick: mln, cg)")
    private List<String> networks;

    @Option(
            names = "--widths",
            split = ",",
            description = "of the layers (1024,256,2048,4096; quick: 1024); channels or units")
    private List<Integer> widths;

    @Option(names = "--batches", split = ",", description = "examples per step (32,256,8)")
    private List<Integer> batches;

    @Option(names = "--sizes", split = ",", description = "sides of pictures, steps of series, tokens of a vocabulary")
    private List<Integer> sizes;

    @Option(names = "--depth", defaultValue = "4", description = "dense layers below the head (4)")
    private int depth;

    @Option(names = "--ranks", split = ",", description = "of the adapters (8,4,64; quick: 8)")
    private List<Integer> ranks;

    @Option(names = "--updaters", split = ",", description = "adam, sgd (quick: adam)")
    private List<String> updaters;

    @Option(names = "--fits", split = ",", description = "iterator, dataset (quick: iterator)")
    private List<String> fits;

    @Option(names = "--rounds", description = "of an interleaved run (5; quick: 3, full: 7)")
    private Integer rounds;

    @Option(names = "--slice", defaultValue = "0.5", description = "seconds of one contestant's turn (0.5)")
    private double sliceSeconds;

    @Option(names = "--memory-width", defaultValue = "4096", description = "of the layers in the memory part (4096)")
    private int memoryWidth;

    @Option(names = "--startup-runs", description = "processes of each kind in the startup part (15; quick: 5)")
    private Integer startupRuns;

    @Option(names = "--soak-steps", description = "of each kind in the soak part (100000; quick: 20000)")
    private Integer soakSteps;

    @Option(names = "--baseline", description = "another build of the agent to compare with")
    private Path baseline;

    @Option(
            names = "--onednn",
            defaultValue = "${env:BENCH_ONEDNN}",
            description = "a class path with oneDNN, to train with it, too")
    private String oneDnn;

    List<String> parts() {
        return choice("--parts", parts, PARTS, PARTS);
    }

    /** Whether the step part measures every combination of the lists. */
    boolean combineAll() {
        return full;
    }

    List<String> networks() {
        return choice("--networks", networks, quick() ? NETWORKS.subList(0, 2) : NETWORKS, NETWORKS);
    }

    /** Whether networks were named. */
    boolean networksAreChosen() {
        return networks != null;
    }

    List<Integer> widths() {
        return positive("--widths", widths, quick() ? List.of(1024) : List.of(1024, 256, 2048, 4096));
    }

    /** What was said; empty lists for what was not. */
    record Given(
            List<Integer> widths, List<Integer> batches, List<Integer> ranks, List<Integer> sizes, List<String> fits) {}

    /** What networks that are not of dense layers take in the place of their own values. */
    Given given() {
        return new Given(
                widths == null ? List.of() : widths(),
                batches == null ? List.of() : batches(),
                ranks == null ? List.of() : ranks(),
                positive("--sizes", sizes, List.of()),
                fits == null ? List.of() : fits());
    }

    List<Integer> batches() {
        return positive("--batches", batches, List.of(32, 256, 8));
    }

    int depth() {
        return positive("--depth", depth, depth);
    }

    List<Integer> ranks() {
        return positive("--ranks", ranks, quick() ? List.of(8) : List.of(8, 4, 64));
    }

    List<String> updaters() {
        return choice("--updaters", updaters, quick() ? UPDATERS.subList(0, 1) : UPDATERS, UPDATERS);
    }

    List<String> fits() {
        return choice("--fits", fits, quick() ? FITS.subList(0, 1) : FITS, FITS);
    }

    int rounds() {
        return positive("--rounds", rounds, quick() ? 3 : full ? 7 : 5);
    }

    double sliceSeconds() {
        if (!(sliceSeconds > 0) || Double.isInfinite(sliceSeconds)) {
            throw wrong("--slice " + sliceSeconds + ": it must be more than 0 seconds.");
        }
        return sliceSeconds;
    }

    int memoryWidth() {
        return positive("--memory-width", memoryWidth, memoryWidth);
    }

    int startupRuns() {
        return positive("--startup-runs", startupRuns, quick() ? 5 : 15);
    }

    int soakSteps() {
        return positive("--soak-steps", soakSteps, quick() ? 20_000 : 100_000);
    }

    Optional<Path> baseline() {
        return Optional.ofNullable(baseline)
                .map(given -> file("--baseline", given, "It names another build of the agent."));
    }

    /** A class path with oneDNN; empty to measure without. */
    String oneDnn() {
        if (oneDnn == null) {
            return "";
        }
        for (String entry : oneDnn.split(File.pathSeparator)) {
            file("--onednn", Path.of(entry), "It is a class path with oneDNN and its natives.");
        }
        return oneDnn;
    }

    /** All of it, by name, so that a mistake shows before anything is measured. */
    Map<String, Object> all() {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("agent", agent().toString());
        all.put("parts", parts());
        all.put("quick", quick());
        all.put("full", full);
        all.put("networks", networks());
        all.put("widths", widths());
        all.put("batches", batches());
        all.put("sizes", given().sizes());
        all.put("depth", depth());
        all.put("ranks", ranks());
        all.put("updaters", updaters());
        all.put("fits", fits());
        all.put("rounds", rounds());
        all.put("sliceSeconds", sliceSeconds());
        all.put("memoryWidth", memoryWidth());
        all.put("startupRuns", startupRuns());
        all.put("soakSteps", soakSteps());
        all.put("baseline", baseline().map(Path::toString).orElse(""));
        all.put("onednn", oneDnn());
        return all;
    }

    /** Never into the published page by itself: times belong to one machine, and somebody has to look at them first. */
    @Override
    protected boolean isPublishable() {
        return false;
    }

    private List<String> choice(String option, List<String> given, List<String> otherwise, List<String> allowed) {
        if (given == null) {
            return otherwise;
        }
        for (String one : given) {
            if (!allowed.contains(one)) {
                throw wrong(option + ": '" + one + "' is not one of " + String.join(", ", allowed) + ".");
            }
        }
        return given;
    }

    private List<Integer> positive(String option, List<Integer> given, List<Integer> otherwise) {
        return (given == null ? otherwise : given)
                .stream().map(one -> positive(option, one, one)).toList();
    }

    private int positive(String option, Integer given, int otherwise) {
        if (given != null && given < 1) {
            throw wrong(option + ": " + given + " is not a whole number from 1.");
        }
        return given == null ? otherwise : given;
    }
}
