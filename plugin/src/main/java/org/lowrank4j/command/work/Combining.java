package org.lowrank4j.command.work;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.adapter.Adapter;
import org.lowrank4j.adapter.Combination;
import org.lowrank4j.adapter.Combination.Weighted;
import org.lowrank4j.adapter.ModelFile;
import org.lowrank4j.adapter.PeftDirectory;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The verb combine. */
public final class Combining {

    private final List<Weighted> parts = new ArrayList<>();
    private final Progress progress;

    /** Reads the adapters. */
    public Combining(
            List<Path> adapters,
            List<Double> weights,
            @Nullable Path base,
            boolean withoutParameters,
            Progress progress)
            throws IOException {
        this.progress = progress;
        ModelFile foundation = AdapterSource.base(base, progress);
        for (int i = 0; i < adapters.size(); i++) {
            Adapter adapter = AdapterSource.read(adapters.get(i), foundation, progress);
            parts.add(new Weighted(withoutParameters ? adapter.withParameters(Map.of()) : adapter, weights.get(i)));
        }
    }

    public Result concat(Path output) throws IOException {
        return write(Combination.concatenated(parts), output);
    }

    public Result svd(int rank, Path output) throws IOException {
        return write(Combination.truncated(parts, rank), output);
    }

    public Result linear(Path output) throws IOException {
        return write(Combination.linear(parts), output);
    }

    /** On the factors without a rank, else on the changes. */
    public Result ties(double density, @Nullable Integer rank, Path output) throws IOException {
        return write(
                rank == null ? Combination.ties(parts, density) : Combination.tiesOfUpdates(parts, density, rank),
                output);
    }

    /** On the factors without a rank, else on the changes. */
    public Result dare(double density, long seed, @Nullable Integer rank, Path output) throws IOException {
        return write(
                rank == null
                        ? Combination.dare(parts, density, seed)
                        : Combination.dareOfUpdates(parts, density, seed, rank),
                output);
    }

    /** The interpolation itself without a rank. */
    public Result slerp(@Nullable Integer rank, Path output) throws IOException {
        return write(Combination.slerp(parts, rank), output);
    }

    private Result write(Adapter combined, Path output) throws IOException {
        progress.begin("comparing to the exact weighted sum");
        Adapter exact = Combination.concatenated(parts);
        Map<String, Object> errors = new LinkedHashMap<>();
        List<String> lines = new ArrayList<>();
        PeftDirectory.write(combined, output);
        lines.add("combination of " + Numbers.counted(parts.size(), "adapter", "adapters") + " written to " + output);
        AdapterTable table = AdapterTable.of(combined);
        lines.addAll(table.lines());
        exact.layers().forEach((name, layer) -> {
            INDArray sum = layer.product();
            double norm = sum.norm2Number().doubleValue();
            double error =
                    sum.subi(combined.layer(name).product()).norm2Number().doubleValue();
            double relative = norm == 0 ? error : error / norm;
            errors.put(name, relative);
            lines.add(String.format(
                    Locale.ROOT, "  %s: differs from the exact weighted sum by %.1e of its norm", name, relative));
        });
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("output", output.toString());
        values.put("errors", errors);
        values.put("adapter", table.values());
        return new Result(true, values, lines);
    }
}
