package org.lowrank4j.tests.pages.merging;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.lowrank4j.adapter.Adapter;
import org.lowrank4j.adapter.ModelFile;
import org.lowrank4j.adapter.PeftDirectory;
import org.lowrank4j.adapter.TrainedAdapter;
import org.lowrank4j.tests.pages.ChildJvm;
import org.lowrank4j.tests.pages.Progress;

/**
 * Trains an adapter per task on one base model, merges them in every way and writes the page that compares accuracy and
 * storage. Training is done in a JVM of its own with the agent; merging needs none.
 */
public final class Merging {

    /** Steps that the progress shows: base, adapters, one per way, reversible merges, truncations. */
    private static final int STAGES = 4 + Way.values().length;

    private final MergingSettings settings;
    private final Progress progress = new Progress(System.out, Progress.isTerminal(), STAGES);

    private Merging(MergingSettings settings) {
        this.settings = settings;
    }

    public static void main(String[] args) throws Exception {
        MergingSettings.options().run(args, arguments -> new Merging(MergingSettings.of(arguments)).compare());
    }

    private void compare() throws IOException, InterruptedException {
        System.out.println(
                settings.drawn()
                        ? "Data: built-in drawn digits. For MNIST, name the directory of its four files with --data DIR."
                        : "Data: MNIST from " + settings.data() + ".");
        Results results;
        try {
            trainBase();
            Map<String, Adapter> adapters = trainAdapters();
            MultiLayerNetwork base =
                    (MultiLayerNetwork) ModelFile.read(settings.base()).network();
            results = new Merges(settings, base, adapters, progress).measure();
        } catch (IOException failed) {
            progress.breakLine();
            throw failed;
        }
        System.out.println();
        for (Path file : new MergingPage(settings, results).write()) {
            System.out.println("Written: " + file);
        }
    }

    private void trainBase() throws IOException, InterruptedException {
        progress.begin("base model");
        ChildJvm.run(
                List.of(),
                BaseModel.class,
                List.of("--base=" + settings.base(), "--data=" + settings.data(), "--steps=" + settings.baseSteps()),
                line -> {});
        progress.end(settings.baseSteps() + " steps");
    }

    /** By name, in the order of the tasks. */
    private Map<String, Adapter> trainAdapters() throws IOException, InterruptedException {
        progress.begin("adapters");
        String angles = settings.tasks().stream()
                .map(task -> Integer.toString(task.degrees()))
                .collect(Collectors.joining(","));
        ChildJvm.run(
                List.of("-javaagent:" + settings.agent() + "=" + settings.rule()),
                TrainAdapters.class,
                List.of(
                        "--base=" + settings.base(),
                        "--out=" + settings.tuned(),
                        "--data=" + settings.data(),
                        "--angles=" + angles,
                        "--steps=" + settings.steps()),
                progress::line);
        ModelFile base = ModelFile.read(settings.base());
        Map<String, Adapter> adapters = new LinkedHashMap<>();
        for (Rotation task : settings.tasks()) {
            ModelFile tuned = ModelFile.read(settings.tuned().resolve(task.title() + ".zip"));
            PeftDirectory.write(TrainedAdapter.of(base, tuned), settings.adapter(task));
            adapters.put(task.title(), PeftDirectory.read(settings.adapter(task)));
        }
        progress.end(String.format(
                Locale.ROOT, "%d of rank %d, %d steps each", adapters.size(), settings.rank(), settings.steps()));
        return adapters;
    }
}
