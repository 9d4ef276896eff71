package org.lowrank4j.command.work;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.lowrank4j.adapter.Adapter;
import org.lowrank4j.adapter.Merge;
import org.lowrank4j.adapter.ModelFile;
import org.lowrank4j.adapter.PeftDirectory;

/** The verb merge. */
public final class Merging {

    private Merging() {}

    /** Writes the merged model. */
    public static Result merge(Path base, Path adapter, Path output, boolean anyBase, Progress progress)
            throws IOException {
        ModelFile foundation = AdapterSource.model(base, progress);
        PeftDirectory.Contents contents = AdapterSource.open(adapter, foundation, progress);
        Adapter change = contents.adapter();
        Merge.check(foundation, change, anyBase);
        progress.begin("merging " + Numbers.counted(change.layers().size(), "matrix", "matrices") + " and checking");
        // The base was checked.
        Merge.Report report = Merge.write(foundation, change, output, true);
        List<String> lines = new ArrayList<>();
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("output", output.toString());
        values.put("changed", report.changed());
        values.put("largestDifference", report.largestDifference());
        values.put("tolerance", Merge.TOLERANCE);
        values.put("differences", new LinkedHashMap<String, Object>(report.differences()));
        lines.add("merged into " + output + ": "
                + Numbers.shown(report.changed()) + " of "
                + Numbers.shown(foundation.network().numParams()) + " parameters changed");
        report.differences()
                .forEach((layer, difference) -> lines.add(String.format(
                        Locale.ROOT,
                        "  %s: merged and unmerged outputs differ by %.1e of the largest (allowed: %.0e)",
                        layer,
                        difference,
                        Merge.TOLERANCE)));
        List<String> notes = new ArrayList<>(contents.notes());
        BaseCheck.unnamed(change).ifPresent(notes::add);
        lines.addAll(notes);
        values.put("namesBase", BaseCheck.unnamed(change).isEmpty());
        values.put("notes", notes);
        return new Result(true, values, lines);
    }
}
