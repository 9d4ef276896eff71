package org.lowrank4j.tests.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lowrank4j.tests.pages.Page;

/**
 * The time of one training step: stock full fine-tuning, stock with everything but the head frozen, lowrank4j, the bare
 * matrix products, and PyTorch where it is there.
 */
final class StepBenchmark {

    private static final double WARM_UP_SECONDS = 2;
    private static final String LORA = "lora";
    private static final String ONEDNN = "lora-onednn";
    private static final String STOCK = "stock";
    private static final String FROZEN = "stock-frozen";
    private static final String FLOOR = "gemm";
    private static final String TORCH = "torch-lora";
    private static final String BASELINE = "lora-baseline";
    private static final List<String> CONTESTANTS = List.of(STOCK, FROZEN, LORA, ONEDNN, FLOOR, TORCH);

    private final SpeedSettings settings;
    private final Findings findings;
    private final Page page;
    private final List<List<String>> rows = new ArrayList<>();
    private final Map<String, Object> details = new LinkedHashMap<>();
    private final Optional<String> python;
    private String openBlasKernel = "unknown";

    StepBenchmark(SpeedSettings settings, Findings findings, Page page) throws IOException {
        this.settings = settings;
        this.findings = findings;
        this.page = page;
        if (settings.torch().isEmpty()) {
            python = Optional.empty();
            findings.note("step: no comparison with PyTorch; name its script with --torch PATH or BENCH_TORCH.");
        } else {
            python = TorchArm.python();
            if (python.isEmpty()) {
                findings.note("step: no comparison with PyTorch, because no python3 here can import torch.");
            }
        }
    }

    /** All slices, by workload and contestant. */
    Map<String, Object> run() throws IOException {
        for (Workload workload : Workloads.of(settings)) {
            run(workload);
        }
        details.put("openBlasKernel", openBlasKernel);
        page.section("One training step");
        page.paragraph(
                "CPU time of a step in milliseconds: stock full fine-tuning, stock with everything but the head frozen,"
                        + " lowrank4j, by its own engine and with oneDNN for convolutions, and the bare products that no exact step can do without; and what lowrank4j takes of each."
                        + " ND4J's OpenBLAS uses its " + openBlasKernel + " kernels.");
        List<String> head = new ArrayList<>(List.of("workload"));
        head.addAll(CONTESTANTS);
        CONTESTANTS.stream().filter(arm -> !arm.equals(LORA)).forEach(arm -> head.add("lora / " + arm));
        page.table(head, rows);
        return details;
    }

    private void run(Workload workload) throws IOException {
        List<Contestant> arms = new ArrayList<>();
        try {
            Path logs = settings.out().resolve("logs");
            String options = workload.rule();
            arms.add(new WorkerArm(STOCK, "train", "", workload, "768m", logs));
            arms.add(new WorkerArm(FROZEN, "train-frozen", "", workload, "768m", logs));
            WorkerArm lora = new WorkerArm(LORA, "train", settings.agent() + options, workload, "768m", logs);
            arms.add(lora);
            if (workload.convolves() && !settings.oneDnn().isEmpty()) {
                arms.add(WorkerArm.with(
                        settings.oneDnn(),
                        ONEDNN,
                        settings.agent() + options + ",convolution=onednn",
                        workload,
                        "768m",
                        logs));
            }
            if (settings.baseline().isPresent()) {
                arms.add(new WorkerArm(BASELINE, "train", settings.baseline().get() + options, workload, "768m", logs));
            }
            arms.add(new WorkerArm(FLOOR, "gemm", "", workload, "768m", logs));
            if (python.isPresent() && TorchArm.canTrain(workload)) {
                arms.add(new TorchArm(python.get(), settings.torch().orElseThrow(), workload));
            }
            Map<String, List<Slice>> slices =
                    Interleaving.run(arms, settings.rounds(), WARM_UP_SECONDS, settings.sliceSeconds());
            lora.requireAdapters();
            openBlasKernel = lora.openBlasKernel();
            report(workload, slices);
        } finally {
            for (Contestant arm : arms) {
                arm.close();
            }
        }
    }

    private void report(Workload workload, Map<String, List<Slice>> slices) {
        String setting = workload.label();
        slices.forEach((arm, rounds) ->
                findings.add(Finding.of("step", setting, arm + ", CPU time", "ms", Slice.spread(rounds, Slice::cpu))));
        details.put(setting, Slice.toJson(slices));
        row(setting, slices);
        List<Slice> lora = slices.get(LORA);
        slices.forEach((arm, rounds) -> {
            if (!arm.equals(LORA)) {
                Finding ratio = Finding.of(
                        "step", setting, "lora / " + arm + ", CPU time", "", Slice.ratios(lora, rounds, Slice::cpu));
                double budget = budget(workload, arm);
                findings.add(Double.isNaN(budget) ? ratio : ratio.within(budget));
            }
        });
    }

    private void row(String setting, Map<String, List<Slice>> slices) {
        List<String> row = new ArrayList<>(List.of(setting));
        for (String arm : CONTESTANTS) {
            row.add(
                    slices.containsKey(arm)
                            ? Slice.spread(slices.get(arm), Slice::cpu).format(1)
                            : "");
        }
        for (String arm : CONTESTANTS) {
            if (!arm.equals(LORA)) {
                row.add(
                        slices.containsKey(arm)
                                ? Slice.ratios(slices.get(LORA), slices.get(arm), Slice::cpu)
                                        .format(2)
                                : "");
            }
        }
        rows.add(row);
    }

    /** The greatest ratio to a contestant that the design allows; NaN where it names none. */
    static double budget(Workload workload, String arm) {
        if (workload.recurs()) {
            boolean named = workload.width() == 256 && workload.batch() == 32 && workload.rank() == 8;
            return named && arm.equals(STOCK) && workload.updater().equals("adam") ? 0.40 : Double.NaN;
        }
        if (workload.convolves()
                || workload.embeds()
                || workload.width() != 1024
                || workload.depth() != 4
                || workload.rank() != 8
                || !workload.updater().equals("adam")) {
            return Double.NaN;
        }
        return switch (arm + " " + workload.batch()) {
            case STOCK + " 256" -> 0.42;
            case STOCK + " 32" -> 0.33;
            case STOCK + " 8" -> 0.22;
            case FLOOR + " 256" -> 1.25;
            case TORCH + " 256", TORCH + " 32" -> 1.0;
            default -> Double.NaN;
        };
    }
}
