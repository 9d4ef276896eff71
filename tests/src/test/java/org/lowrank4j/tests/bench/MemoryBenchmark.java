package org.lowrank4j.tests.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.lowrank4j.tests.bench.WorkerArm.Memory;
import org.lowrank4j.tests.pages.Spread;

/** Resident memory of whole processes that train: stock, stock with everything but the head frozen, lowrank4j. */
final class MemoryBenchmark {

    private static final int BATCH = 8;
    private static final int PROCESSES = 3;

    /** Small, because it is the same in all and what is compared lies outside of it. */
    private static final String HEAP = "128m";

    /** All train alike, or those with the faster steps would have filled more of their heap by the end. */
    private static final int STEPS = 48;

    private static final int STEPS_OF_WHOLE = 6;

    private static final double SECONDS = 1;
    private static final double MIB = 1024 * 1024;

    private final SpeedSettings settings;
    private final Findings findings;

    MemoryBenchmark(SpeedSettings settings, Findings findings) {
        this.settings = settings;
        this.findings = findings;
    }

    /** Present and peak bytes of every process, by contestant. */
    Map<String, Object> run() throws IOException {
        List<Workload> networks = new ArrayList<>();
        if (settings.networks().contains("mln")) {
            networks.add(
                    Workloads.centre(settings).withWidth(settings.memoryWidth()).withBatch(BATCH));
        }
        settings.networks().stream()
                .filter(network ->
                        !Workloads.centre(settings).withNetwork(network).isDense())
                .flatMap(network -> Workloads.budgeted(network).stream())
                .filter(Workload::isWhole)
                .forEach(networks::add);
        Map<String, Object> details = new LinkedHashMap<>();
        for (Workload network : networks) {
            details.put(network.label(), measure(network));
        }
        return details;
    }

    private Map<String, Object> measure(Workload network) throws IOException {
        List<Memory> stock = new ArrayList<>();
        List<Memory> frozen = new ArrayList<>();
        List<Memory> lora = new ArrayList<>();
        for (int process = 0; process < PROCESSES; process++) {
            stock.add(measure("stock-memory", "train", "", network));
            if (network.isDense()) {
                frozen.add(measure("frozen-memory", "train-frozen", "", network));
            }
            lora.add(measure("lora-memory", "train", settings.agent() + network.rule(), network));
        }
        Map<String, Object> details = new LinkedHashMap<>();
        if (stock.get(0).resident() < 0) {
            findings.note("memory: not measured, because this system has no /proc/self/status.");
            return details;
        }
        report("stock", stock, network, details);
        if (network.isDense()) {
            report("stock-frozen", frozen, network, details);
        }
        report("lora", lora, network, details);
        Finding resident = ratio("lora / stock, resident", lora, stock, Memory::resident, network);
        boolean budgeted = network.width() == 4096
                && network.depth() == 4
                && network.updater().equals("adam");
        findings.add(network.isWhole() ? resident.within(0.5) : budgeted ? resident.within(0.36) : resident);
        findings.add(ratio("lora / stock, peak resident", lora, stock, Memory::peak, network));
        return details;
    }

    private void report(String arm, List<Memory> processes, Workload network, Map<String, Object> details) {
        add(arm + ", resident", processes, Memory::resident, network);
        add(arm + ", peak resident", processes, Memory::peak, network);
        details.put(
                arm,
                Map.of(
                        "residentBytes",
                                processes.stream().map(Memory::resident).toList(),
                        "peakBytes", processes.stream().map(Memory::peak).toList()));
    }

    private void add(String quantity, List<Memory> processes, ToLongFunction<Memory> size, Workload network) {
        double[] mib = processes.stream()
                .mapToDouble(one -> size.applyAsLong(one) / MIB)
                .toArray();
        findings.add(Finding.of("memory", network.label(), quantity, "MiB", Spread.of(mib)));
    }

    private static Finding ratio(
            String quantity, List<Memory> above, List<Memory> below, ToLongFunction<Memory> size, Workload network) {
        double[] ratios = new double[above.size()];
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] = (double) size.applyAsLong(above.get(i)) / size.applyAsLong(below.get(i));
        }
        return Finding.of("memory", network.label(), quantity, "", Spread.of(ratios));
    }

    private Memory measure(String name, String task, String agent, Workload network) throws IOException {
        Path logs = settings.out().resolve("logs");
        try (WorkerArm arm = new WorkerArm(name, task, agent, network, HEAP, logs)) {
            for (int steps = 0; steps < (network.isWhole() ? STEPS_OF_WHOLE : STEPS); ) {
                steps += arm.run(SECONDS).steps();
            }
            if (!agent.isEmpty()) {
                arm.requireAdapters();
            }
            return arm.memory();
        }
    }
}
