package org.lowrank4j.tests.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The time of one training step: stock full fine-tuning, stock with everything but the head frozen, lowrank4j, the bare
 * matrix products, and PyTorch where it is there.
 */
final class StepBenchmark {

    private static final double WARM_UP_SECONDS = 3;
    private static final String LORA = "lora";
    private static final String STOCK = "stock";
    private static final String BASELINE = "lora-baseline";

    private final Settings settings;
    private final Findings findings;
    private final Map<String, Object> details = new LinkedHashMap<>();
    private final Optional<String> python;
    private String torchVersion = "";
    private String openBlasKernel = "unknown";

    StepBenchmark(Settings settings, Findings findings) throws IOException {
        this.settings = settings;
        this.findings = findings;
        if (settings.torch().isEmpty()) {
            python = Optional.empty();
            findings.note("step: no comparison with PyTorch; name its script with -Dbench.torch=PATH or BENCH_TORCH.");
        } else {
            python = TorchArm.python();
            if (python.isEmpty()) {
                findings.note("step: no comparison with PyTorch, because no python3 here can import torch.");
            }
        }
    }

    /** All slices, by setting and contestant. */
    Map<String, Object> run() throws IOException {
        for (String kind : settings.networks()) {
            for (int width : settings.widths()) {
                for (int batch : settings.batches()) {
                    run(new WorkerArm.Network(kind, width, batch, settings.depth()));
                }
            }
        }
        details.put("openBlasKernel", openBlasKernel);
        if (!torchVersion.isEmpty()) {
            details.put("torchVersion", torchVersion);
        }
        return details;
    }

    private void run(WorkerArm.Network network) throws IOException {
        List<Arm> arms = new ArrayList<>();
        try {
            Path logs = settings.output().resolve("logs");
            String options = "=rank=" + settings.rank();
            arms.add(new WorkerArm(STOCK, "train", "", network, "768m", logs));
            arms.add(new WorkerArm("stock-frozen", "train-frozen", "", network, "768m", logs));
            WorkerArm lora = new WorkerArm(LORA, "train", settings.agent() + options, network, "768m", logs);
            arms.add(lora);
            if (settings.baseline().isPresent()) {
                arms.add(new WorkerArm(BASELINE, "train", settings.baseline().get() + options, network, "768m", logs));
            }
            arms.add(new WorkerArm("gemm", "gemm", "", network, "768m", logs));
            TorchArm torch = null;
            if (python.isPresent()) {
                torch = TorchArm.of(python.get(), settings.torch().orElseThrow(), network, settings.rank());
                arms.add(torch);
            }
            Map<String, List<Slice>> slices =
                    Interleaving.run(arms, settings.rounds(), WARM_UP_SECONDS, settings.sliceSeconds());
            lora.requireAdapters();
            openBlasKernel = lora.openBlasKernel();
            torchVersion = torch == null ? torchVersion : torch.version();
            report(network, slices);
        } finally {
            for (Arm arm : arms) {
                arm.close();
            }
        }
    }

    private void report(WorkerArm.Network network, Map<String, List<Slice>> slices) {
        String setting = network.label();
        Map<String, Object> raw = new LinkedHashMap<>();
        slices.forEach((arm, rounds) -> {
            boolean hasCpu = !Double.isNaN(rounds.get(0).cpu());
            findings.add(Finding.of(
                    "step",
                    setting,
                    arm + (hasCpu ? ", CPU time" : ", wall time"),
                    "ms",
                    Spread.of(rounds, hasCpu ? Slice::cpu : Slice::wall)));
            raw.put(
                    arm,
                    Map.of(
                            "cpuMs", rounds.stream().map(Slice::cpu).toList(),
                            "wallMs", rounds.stream().map(Slice::wall).toList(),
                            "fastestWallMs",
                                    rounds.stream().map(Slice::fastestWall).toList(),
                            "steps", rounds.stream().map(Slice::steps).toList()));
        });
        details.put(setting, raw);
        List<Slice> lora = slices.get(LORA);
        Finding toStock =
                ratio(setting, "lora / stock, CPU time", Spread.ofRatios(lora, slices.get(STOCK), Slice::cpu));
        double budget = budget(network);
        findings.add(Double.isNaN(budget) ? toStock : toStock.within(budget));
        findings.add(ratio(setting, "lora / stock, wall time", Spread.ofRatios(lora, slices.get(STOCK), Slice::wall)));
        findings.add(ratio(
                setting,
                "lora / stock-frozen, CPU time",
                Spread.ofRatios(lora, slices.get("stock-frozen"), Slice::cpu)));
        findings.add(
                ratio(setting, "lora / gemm floor, CPU time", Spread.ofRatios(lora, slices.get("gemm"), Slice::cpu)));
        if (slices.containsKey(BASELINE)) {
            findings.add(ratio(
                    setting,
                    "lora / lora-baseline, CPU time",
                    Spread.ofRatios(lora, slices.get(BASELINE), Slice::cpu)));
        }
        if (slices.containsKey("torch-lora")) {
            // Two wall times on a shared machine: the fastest steps are the ones that nobody disturbed.
            findings.add(ratio(
                            setting,
                            "lora / torch-lora, fastest wall time",
                            Spread.ofRatios(lora, slices.get("torch-lora"), Slice::fastestWall))
                    .within(1.0));
            findings.add(ratio(
                    setting,
                    "lora / torch-lora, wall time",
                    Spread.ofRatios(lora, slices.get("torch-lora"), Slice::wall)));
        }
    }

    private static Finding ratio(String setting, String quantity, Spread value) {
        return Finding.of("step", setting, quantity, "", value);
    }

    /** Of 4 x 1024, rank 8; other sizes have none. */
    private double budget(WorkerArm.Network network) {
        if (network.width() != 1024 || network.depth() != 4 || settings.rank() != 8) {
            return Double.NaN;
        }
        return switch (network.batch()) {
            case 256 -> 0.42;
            case 32 -> 0.33;
            case 8 -> 0.22;
            default -> Double.NaN;
        };
    }
}
