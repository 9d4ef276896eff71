package org.lowrank4j.command.work;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.lowrank4j.LowRankException;
import org.lowrank4j.adapter.ModelFile;
import org.lowrank4j.engine.DryRun;
import org.lowrank4j.report.PlanReport;
import org.lowrank4j.rule.Plan;
import org.lowrank4j.rule.RuleBook;

/** The verb plan. */
public final class Planning {

    private Planning() {}

    /** Shows what the rules of this JVM, with these arguments first, mean for a model. */
    public static Result plan(Path file, Map<String, String> arguments, Progress progress) throws IOException {
        RuleBook rules = RuleBook.read(arguments, System.getProperties(), System.getenv());
        ModelFile model = AdapterSource.model(file, progress);
        Optional<DryRun> planned = DryRun.of(model.network(), model.adapters(), rules);
        if (planned.isEmpty()) {
            throw new LowRankException("No rule asks for anything, so " + file
                    + " would train as stock. Give a rule: rank=8, for example, or config=FILE.");
        }
        DryRun run = planned.get();
        List<String> lines = new ArrayList<>();
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("file", file.toString());
        List<String> warnings = new ArrayList<>(rules.warnings());
        String stock = run.stockReason();
        if (stock == null) {
            lines.addAll(PlanReport.text(run.plan(), run.adapterEntries(), run.jointNumbers(), run.memory())
                    .lines()
                    .toList());
        } else {
            lines.add("would train as stock: " + stock);
            values.put("stock", stock);
        }
        rules.warnings().forEach(warning -> lines.add("warning: " + warning));
        warnings.addAll(run.plan().warnings());
        values.put("rule", run.plan().rule().source());
        values.put("layers", layers(run));
        run.jointNumbers().ifPresent(numbers -> values.put("jointNumbers", numbers));
        PlanReport.Memory memory = run.memory();
        if (memory != null) {
            Map<String, Object> bytes = new LinkedHashMap<>();
            bytes.put("gradient", memory.gradientBytes());
            bytes.put("updater", memory.updaterBytes());
            bytes.put("stockGradient", memory.stockGradientBytes());
            bytes.put("stockUpdater", memory.stockUpdaterBytes());
            bytes.put("methods", memory.methodBytes());
            values.put("bytes", bytes);
        }
        values.put("warnings", warnings);
        return new Result(stock == null, values, lines);
    }

    private static List<Object> layers(DryRun run) {
        List<Object> layers = new ArrayList<>();
        for (Plan.LayerPlan plan : run.plan().layers()) {
            Map<String, Object> layer = new LinkedHashMap<>();
            layer.put("layer", plan.layer().name());
            layer.put("type", plan.layer().type());
            layer.put("role", plan.role().name().toLowerCase(Locale.ROOT));
            layer.put("trainBias", plan.trainBias());
            layer.put("parameters", plan.layer().parameterCount());
            layer.put("because", plan.because());
            layer.put(
                    "targets",
                    plan.targets().stream().map(target -> target(target, run)).toList());
            layers.add(layer);
        }
        return layers;
    }

    private static Map<String, Object> target(Plan.Target planned, DryRun run) {
        Plan.TargetSettings settings = planned.settings();
        Map<String, Object> target = new LinkedHashMap<>();
        target.put("target", planned.key());
        target.put("parameter", planned.matrix().parameter());
        target.put("inputs", planned.matrix().inputs());
        target.put("outputs", planned.matrix().outputs());
        target.put("rank", settings.rank());
        target.put("alpha", settings.alpha());
        target.put("scale", settings.scale());
        target.put("init", settings.initialisation());
        target.put("gradient", settings.gradient());
        target.put("update", settings.update());
        target.put("adapterEntries", run.adapterEntries().getOrDefault(planned.key(), 0L));
        return target;
    }
}
