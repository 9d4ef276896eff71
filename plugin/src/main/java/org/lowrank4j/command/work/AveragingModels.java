package org.lowrank4j.command.work;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.adapter.ModelAverage;
import org.lowrank4j.adapter.ModelFile;

/** The verb average. */
public final class AveragingModels {

    private AveragingModels() {}

    /**
     * Writes the average as a plain model.
     *
     * @param width of a post-hoc average; null for the mean of the models
     */
    public static Result write(List<Path> files, @Nullable Double width, Path output, Progress progress)
            throws IOException {
        List<ModelFile> models = new ArrayList<>();
        for (Path file : files) {
            models.add(AdapterSource.model(file, progress));
        }
        Map<String, Object> values = new LinkedHashMap<>();
        List<String> lines = new ArrayList<>();
        values.put("output", output.toString());
        values.put("models", files.size());
        String of = Numbers.counted(files.size(), "model", "models");
        ModelFile average;
        if (width == null) {
            average = ModelAverage.mean(models);
            lines.add("mean of " + of + " written to " + output);
        } else {
            ModelAverage.OfWidth made = ModelAverage.ofWidth(models, width);
            average = made.model();
            values.put("width", width);
            values.put("distance", made.distance());
            lines.add(String.format(
                    Locale.ROOT,
                    "average of width %s, made of %s, written to %s: its weights over the steps are within %.1f %% of"
                            + " those of the width",
                    width,
                    of,
                    output,
                    100 * made.distance()));
        }
        average.writeTo(output, null);
        return new Result(true, values, lines);
    }
}
