package org.lowrank4j.command.work;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.adapter.Adapter;
import org.lowrank4j.adapter.ModelFile;
import org.lowrank4j.adapter.PeftDirectory;
import org.lowrank4j.adapter.TrainedAdapter;
import org.lowrank4j.file.NotFinite;
import org.lowrank4j.network.NetworkWeights;

/** The verb verify. */
public final class Verification {

    private Verification() {}

    /**
     * Checks a file.
     *
     * @param base the model that an adapter must belong to; null if none was given
     * @throws LowRankException if the file cannot be read at all
     */
    public static Result verify(Path file, @Nullable Path base, Progress progress) throws IOException {
        List<String> lines = new ArrayList<>();
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("file", file.toString());
        ModelFile foundation = AdapterSource.base(base, progress);
        Adapter adapter = null;
        boolean fine = true;
        if (InputFiles.peftDirectory(file) != null) {
            PeftDirectory.Contents contents = AdapterSource.open(file, null, progress);
            adapter = contents.adapter();
            lines.add("sound: settings and tensors fit, all numbers are finite, "
                    + (contents.hashed()
                            ? "the hashes are right"
                            : "as far as can be told: it carries no hash, so a changed number cannot be seen"));
            lines.addAll(contents.notes());
            values.put("hashed", contents.hashed());
            values.put("notes", contents.notes());
        } else {
            ModelFile model = AdapterSource.model(file, progress);
            List<String> problems = notFinite(model);
            lines.addAll(problems);
            fine = problems.isEmpty();
            values.put("notFinite", problems);
            if (fine) {
                lines.add("sound: checksums, configuration and parameters fit, all numbers are finite");
            }
            if (model.adapters() != null) {
                lines.add("the state of the adapted training belongs to these weights");
                adapter = fine && foundation != null ? TrainedAdapter.of(foundation, model) : null;
            } else if (foundation != null) {
                throw new LowRankException(file + " holds no adapter that could belong to a base: it is a plain model."
                        + " Compare the two with diff.");
            }
        }
        if (adapter != null && foundation != null) {
            BaseCheck check = BaseCheck.of(adapter, foundation);
            check.addTo(lines, values);
            fine = fine && check.fits();
        }
        values.put("sound", fine);
        return new Result(fine, values, lines);
    }

    private static List<String> notFinite(ModelFile model) {
        List<String> problems = new ArrayList<>();
        NetworkWeights.of(model.network())
                .layers()
                .forEach((layer, part) -> part.parameters().forEach((name, array) -> {
                    long count = NotFinite.count(array);
                    if (count > 0) {
                        problems.add(name + " of layer " + layer + " has " + Numbers.shown(count) + " of "
                                + Numbers.shown(array.length())
                                + " entries that are NaN or infinite: the training diverged");
                    }
                }));
        return problems;
    }
}
