package org.lowrank4j.tests.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Resident memory of whole processes that train: stock, stock with everything but the head frozen, lowrank4j. */
final class MemoryBenchmark {

    private static final int BATCH = 8;
    private static final double SECONDS = 4;
    private static final double MIB = 1024 * 1024;

    private final Settings settings;
    private final Findings findings;

    MemoryBenchmark(Settings settings, Findings findings) {
        this.settings = settings;
        this.findings = findings;
    }

    /** Peak and present bytes by contestant. */
    Map<String, Object> run() throws IOException {
        WorkerArm.Network network = new WorkerArm.Network("mln", settings.memoryWidth(), BATCH, settings.depth());
        Map<String, long[]> sizes = new LinkedHashMap<>();
        sizes.put("stock", measure("stock-memory", "train", "", network));
        sizes.put("stock-frozen", measure("frozen-memory", "train-frozen", "", network));
        sizes.put("lora", measure("lora-memory", "train", settings.agent() + "=rank=" + settings.rank(), network));
        Map<String, Object> details = new LinkedHashMap<>();
        if (sizes.get("stock")[0] < 0) {
            findings.note("memory: not measured, because this system has no /proc/self/status.");
            return details;
        }
        sizes.forEach((arm, bytes) -> {
            findings.add(size(network, arm + ", resident", bytes[1] / MIB));
            findings.add(size(network, arm + ", peak resident", bytes[0] / MIB));
            details.put(arm, Map.of("peakBytes", bytes[0], "residentBytes", bytes[1]));
        });
        double ratio = (double) sizes.get("lora")[1] / sizes.get("stock")[1];
        double peakRatio = (double) sizes.get("lora")[0] / sizes.get("stock")[0];
        Finding resident = Finding.of("memory", network.label(), "lora / stock, resident", "", Spread.of(ratio));
        boolean budgeted = network.width() == 4096 && network.depth() == 4;
        findings.add(budgeted ? resident.within(0.36) : resident);
        findings.add(Finding.of("memory", network.label(), "lora / stock, peak resident", "", Spread.of(peakRatio)));
        return details;
    }

    private static Finding size(WorkerArm.Network network, String quantity, double mib) {
        return Finding.of("memory", network.label(), quantity, "MiB", Spread.of(mib));
    }

    private long[] measure(String name, String task, String agent, WorkerArm.Network network) throws IOException {
        Path logs = settings.output().resolve("logs");
        try (WorkerArm arm = new WorkerArm(name, task, agent, network, "256m", logs)) {
            arm.run(SECONDS);
            if (!agent.isEmpty()) {
                arm.requireAdapters();
            }
            return arm.residentBytes();
        }
    }
}
