package org.lowrank4j.tests.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lowrank4j.tests.pages.Spread;

/** The agent where no rule matches: the time of one hook, and of a whole training step. */
final class IdleBenchmark {

    private static final int FORKS = 3;
    private static final int BATCH = 8;

    private final SpeedSettings settings;
    private final Findings findings;

    IdleBenchmark(SpeedSettings settings, Findings findings) {
        this.settings = settings;
        this.findings = findings;
    }

    /** Nanoseconds of the woven method, and slices of the step. */
    Map<String, Object> run() throws IOException {
        Map<String, Object> details = new LinkedHashMap<>();
        hook(details);
        step(details);
        return details;
    }

    private void hook(Map<String, Object> details) throws IOException {
        List<Double> without = new ArrayList<>();
        List<Double> with = new ArrayList<>();
        for (int fork = 0; fork < FORKS; fork++) {
            without.add(nanoseconds(List.of()));
            with.add(nanoseconds(List.of("-javaagent:" + settings.agent())));
        }
        double[] added = new double[FORKS];
        for (int fork = 0; fork < FORKS; fork++) {
            added[fork] = with.get(fork) - without.get(fork);
        }
        details.put("methodWithoutAgentNs", without);
        details.put("methodWithAgentNs", with);
        findings.add(Finding.of("idle", "one hook", "added to the method", "ns", Spread.of(added))
                .within(2));
    }

    private static double nanoseconds(List<String> jvmOptions) throws IOException {
        String method = "wovenMethod";
        return MicroBenchmark.nanoseconds(IdleHook.class, method, jvmOptions, Map.of(), 1)
                .get(method);
    }

    private void step(Map<String, Object> details) throws IOException {
        Path logs = settings.out().resolve("logs");
        Workload network = Workloads.centre(settings).withNetwork("mln").withBatch(BATCH);
        try (WorkerArm without = new WorkerArm("no-agent", "train", "", network, "768m", logs);
                WorkerArm with =
                        new WorkerArm("no-match", "train", settings.agent().toString(), network, "768m", logs)) {
            Map<String, List<Slice>> slices =
                    Interleaving.run(List.of(without, with), settings.rounds(), 3, settings.sliceSeconds());
            slices.forEach((arm, rounds) ->
                    details.put(arm + "CpuMs", rounds.stream().map(Slice::cpu).toList()));
            findings.add(Finding.of(
                    "idle",
                    network.label(),
                    "step with agent, no rule / without, CPU time",
                    "",
                    Slice.ratios(slices.get("no-match"), slices.get("no-agent"), Slice::cpu)));
        }
    }
}
