package org.lowrank4j.tests.bench;

import static org.lowrank4j.tests.bench.Budgets.FLOOR;
import static org.lowrank4j.tests.bench.Budgets.LORA;
import static org.lowrank4j.tests.bench.Budgets.ONEDNN;
import static org.lowrank4j.tests.bench.Budgets.ONEDNN_AVX2;
import static org.lowrank4j.tests.bench.Budgets.STOCK;
import static org.lowrank4j.tests.bench.Budgets.TORCH;
import static org.lowrank4j.tests.bench.Budgets.TORCH_AVX2;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.tests.pages.Page;
import org.lowrank4j.tests.pages.Spread;

/**
 * The time of one training step: stock full fine-tuning, stock with everything but the head frozen, lowrank4j, the bare
 * matrix products, and PyTorch where it is there.
 */
final class StepBenchmark {

    private static final double WARM_UP_SECONDS = 2;
    private static final String FROZEN = "stock-frozen";
    private static final String BASELINE = "lora-baseline";
    private static final String HEAP = "768m";
    private static final List<String> TIMES =
            List.of(STOCK, FROZEN, LORA, ONEDNN, ONEDNN_AVX2, BASELINE, FLOOR, TORCH, TORCH_AVX2);
    private static final List<String> RATIOS = List.of(
            "lora / stock",
            "lora-onednn / stock",
            "lora / stock-frozen",
            "lora / lora-baseline",
            "lora / gemm",
            "lora-onednn / gemm",
            "lora / torch",
            "lora / torch-avx2",
            "lora-onednn / torch",
            "lora-onednn-avx2 / torch-avx2");

    private final SpeedSettings settings;
    private final Findings findings;
    private final Page page;
    private final List<List<String>> times = new ArrayList<>();
    private final List<List<String>> ratios = new ArrayList<>();
    private final Map<String, Object> details = new LinkedHashMap<>();
    private final Optional<String> python;
    private String openBlasKernel = "unknown";

    StepBenchmark(SpeedSettings settings, Findings findings, Page page) throws IOException {
        this.settings = settings;
        this.findings = findings;
        this.page = page;
        python = TorchArm.python();
        if (python.isEmpty()) {
            findings.note("step: no comparison with PyTorch, because no python3 here can import torch.");
        }
    }

    /** All slices, by workload and contestant. */
    Map<String, Object> run() throws IOException {
        for (Workload workload : Workloads.of(settings)) {
            run(workload);
        }
        details.put("openBlasKernel", openBlasKernel);
        page.section("One training step");
        page.paragraph("""
                CPU time of a step in milliseconds: stock full fine-tuning, stock with everything but the head frozen, lowrank4j by its \
                own engine and, with convolutions, by oneDNN, the bare products that no exact step can do without (of convolutions those \
                of all patches), and PyTorch with the same adapters. What ends in avx2 uses no later instructions; oneDNN, and PyTorch \
                by it, else use all that the processor has. Convolutions are some above one that takes a single channel, which alone \
                is adapted where a name ends in frozen, and below mean, head and loss.\
                """ + " ND4J's OpenBLAS, which PyTorch is given, too, uses its " + openBlasKernel + " kernels.");
        table(TIMES, times);
        page.paragraph("What ours take of the others, within each round:");
        table(RATIOS, ratios);
        return details;
    }

    private void run(Workload workload) throws IOException {
        List<Contestant> arms = new ArrayList<>();
        try {
            Path logs = settings.out().resolve("logs");
            String options = workload.rule();
            String agent = settings.agent() + options;
            arms.add(new WorkerArm(STOCK, "train", "", workload, HEAP, logs));
            if (workload.isDense()) {
                arms.add(new WorkerArm(FROZEN, "train-frozen", "", workload, HEAP, logs));
            }
            WorkerArm lora = new WorkerArm(LORA, "train", agent, workload, HEAP, logs);
            arms.add(lora);
            if (!settings.oneDnn().isEmpty()) {
                String engine = workload.seesPictures() ? agent + ",convolution=onednn" : agent;
                arms.add(WorkerArm.with(settings.oneDnn(), Map.of(), ONEDNN, engine, workload, HEAP, logs));
                if (workload.seesPictures()) {
                    arms.add(WorkerArm.with(settings.oneDnn(), Child.AVX2, ONEDNN_AVX2, engine, workload, HEAP, logs));
                }
            }
            if (settings.baseline().isPresent()) {
                arms.add(new WorkerArm(BASELINE, "train", settings.baseline().get() + options, workload, HEAP, logs));
            }
            arms.add(new WorkerArm(FLOOR, "gemm", "", workload, HEAP, logs));
            if (python.isPresent() && TorchArm.canTrain(workload)) {
                arms.add(new TorchArm(TORCH, python.get(), workload, Map.of(), logs));
                if (workload.seesPictures()) {
                    arms.add(new TorchArm(TORCH_AVX2, python.get(), workload, Child.AVX2, logs));
                }
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
        details.put(setting, Slice.toJson(slices));
        List<String> row = new ArrayList<>(List.of(setting));
        for (String arm : TIMES) {
            row.add(add(setting, arm + ", CPU time", slices.get(arm)));
        }
        times.add(row);
        ratios.add(ratios(workload, slices));
    }

    private String add(String setting, String quantity, @Nullable List<Slice> rounds) {
        if (rounds == null) {
            return "";
        }
        Spread time = Slice.spread(rounds, Slice::cpu);
        findings.add(Finding.of("step", setting, quantity, "ms", time));
        return time.format(1);
    }

    private List<String> ratios(Workload workload, Map<String, List<Slice>> slices) {
        List<String> row = new ArrayList<>(List.of(workload.label()));
        for (String pair : RATIOS) {
            String[] arms = pair.split(" / ");
            List<Slice> ours = slices.get(arms[0]);
            List<Slice> other = slices.get(arms[1]);
            if (ours == null || other == null) {
                row.add("");
                continue;
            }
            Spread ratio = Slice.ratios(ours, other, Slice::cpu);
            double budget = Budgets.of(workload, arms[0], arms[1]);
            Finding finding = Finding.of("step", workload.label(), pair + ", CPU time", "", ratio);
            findings.add(Double.isNaN(budget) ? finding : finding.within(budget));
            row.add(ratio.format(2) + (Double.isNaN(budget) ? "" : String.format(Locale.ROOT, ", of %.2f", budget)));
        }
        return row;
    }

    /** Without the columns that no row has. */
    private void table(List<String> columns, List<List<String>> rows) {
        List<String> head = new ArrayList<>(List.of("workload"));
        head.addAll(columns);
        int[] shown = IntStream.range(0, head.size())
                .filter(column -> rows.stream().anyMatch(row -> !row.get(column).isEmpty()))
                .toArray();
        page.table(
                IntStream.of(shown).mapToObj(head::get).toList(),
                rows.stream()
                        .map(row -> IntStream.of(shown).mapToObj(row::get).toList())
                        .toList());
    }
}
