package org.lowrank4j.adapter;

import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.lowrank4j.Console;
import org.lowrank4j.LowRankException;
import org.lowrank4j.initialisation.DeadPairs;
import org.lowrank4j.initialisation.Initialisation;
import org.lowrank4j.initialisation.NetworkStart;
import org.lowrank4j.initialisation.ReplacedParameter;
import org.lowrank4j.initialisation.Start;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.network.NetworkShape.MatrixShape;
import org.lowrank4j.network.NetworkWeights;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * A and B start as those of a saved adapter, on the base that it was made for, and the network moves by all that the
 * adapter holds:
 *
 * <pre>A = A' s' / s,   B = B',   W becomes W + s A B = W + s' A' B'</pre>
 *
 * <p>where A', B' and s' are the adapter's, of rank r' at most r. Pairs beyond r' start as LoRA's do and leave the network
 * as it is. What the adapter holds besides is put in force as well, so that the network is base and adapter before its
 * first step: what was trained in full (output layers, biases) in the place of the base's, and changes of layers that the
 * rule does not adapt merged into their W.
 */
public final class SavedAdapterStart implements Initialisation {

    private WeakReference<Adapter> lastRead = new WeakReference<>(null);
    private List<Object> lastVersion = List.of();

    @Override
    public String name() {
        return "adapter";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption(
                        "path",
                        "the PEFT directory of the adapter to start from, the one with " + PeftDirectory.CONFIG),
                new MethodOption(
                        "any-base",
                        "no",
                        "yes starts on a network with other weights than those that the adapter was made for, too: yes or"
                                + " no"));
    }

    @Override
    public Optional<String> refusal(String target, OptionValues options) {
        String path = options.text("path");
        return read(path).layers().containsKey(target)
                ? Optional.empty()
                : Optional.of("the adapter in " + path + " has none for it");
    }

    /** The adapter's own. */
    @Override
    public OptionalInt defaultRank(String target, OptionValues options) {
        LayerAdapter saved = read(options.text("path")).layers().get(target);
        return saved == null ? OptionalInt.empty() : OptionalInt.of(saved.rank());
    }

    @Override
    public Factors start(Start start) {
        String path = start.options().text("path");
        Adapter adapter = read(path);
        LayerAdapter saved = adapter.layer(start.layer());
        if (saved.inputs() != start.inputs() || saved.outputs() != start.outputs()) {
            throw new LowRankException("The adapter of layer " + start.layer() + " in " + path + " is for a W of "
                    + saved.inputs() + " x " + saved.outputs() + ", and this network's is " + start.inputs() + " x "
                    + start.outputs() + ".");
        }
        if (saved.magnitude() != null) {
            throw new LowRankException("The adapter in " + path + " is one of DoRA, whose magnitudes no factors can"
                    + " start. Merge it into its base and train that model.");
        }
        if (saved.rank() > start.rank()) {
            throw new LowRankException("The adapter of layer " + start.layer() + " in " + path + " has rank "
                    + saved.rank() + ", and the rule asks for " + start.rank() + ". Set rank=" + saved.rank()
                    + ", or truncate the adapter first.");
        }
        if (!start.options().yes("any-base")) {
            checkBase(adapter, start.layer(), start.weight(), path);
        }
        INDArray a = Nd4j.create(DataType.DOUBLE, start.inputs(), start.rank());
        INDArray b = Nd4j.create(DataType.DOUBLE, start.rank(), start.outputs());
        a.get(NDArrayIndex.all(), NDArrayIndex.interval(0, saved.rank()))
                .assign(saved.a().castTo(DataType.DOUBLE).mul(saved.scale() / start.scale()));
        b.get(NDArrayIndex.interval(0, saved.rank()), NDArrayIndex.all())
                .assign(saved.b().castTo(DataType.DOUBLE));
        return DeadPairs.revived(new Factors(a, b), start).on(start.weight());
    }

    @Override
    public List<ReplacedParameter> alsoReplaces(NetworkStart start) {
        String path = start.options().text("path");
        Adapter adapter = read(path);
        NetworkWeights network = NetworkWeights.of(start.network());
        try {
            Fit.check(adapter, network);
            return replaced(adapter, network, start, path);
        } catch (LowRankException unfit) {
            throw new LowRankException(
                    "The adapter in " + path + " cannot be started from: " + unfit.getMessage(), unfit);
        }
    }

    private List<ReplacedParameter> replaced(Adapter adapter, NetworkWeights network, NetworkStart start, String path) {
        List<ReplacedParameter> replaced = new ArrayList<>();
        adapter.layers().forEach((key, saved) -> {
            if (start.started().contains(key)) {
                return;
            }
            refuseOther(start, key);
            if (!start.options().yes("any-base")) {
                checkBase(adapter, key, network.matrix(key), path);
            }
            NetworkWeights.Place place = network.place(key);
            INDArray live = network.parameter(place.layer(), place.parameter());
            INDArray effective = Fit.effective(place.matrix(), live, saved);
            replaced.add(new ReplacedParameter(place.layer(), place.parameter(), live, effective));
        });
        adapter.parameters()
                .forEach((layer, arrays) -> arrays.forEach((name, array) -> {
                    refuseOther(start, MatrixShape.key(layer, name));
                    INDArray live = network.parameter(layer, name);
                    replaced.add(new ReplacedParameter(layer, name, live, Fit.as(live, array)));
                }));
        return replaced;
    }

    private static void refuseOther(NetworkStart start, String key) {
        if (start.others().contains(key)) {
            throw new LowRankException(
                    "it changes " + NetworkWeights.described(key)
                            + ", which the rule adapts with another start. Start it from the adapter, too, or do not adapt it.");
        }
    }

    /** The same object for all layers of a network, and for as long as one of them is held. */
    private synchronized Adapter read(String path) {
        try {
            List<Object> version = version(Path.of(path));
            Adapter known = lastRead.get();
            if (known == null || !version.equals(lastVersion)) {
                PeftDirectory.Contents contents = PeftDirectory.open(Path.of(path));
                contents.notes().forEach(note -> Console.say("adapter.path=" + path + ": " + note));
                known = contents.adapter();
                lastRead = new WeakReference<>(known);
                lastVersion = version;
            }
            return known;
        } catch (IOException | InvalidPathException unreadable) {
            throw new LowRankException(
                    "adapter.path=" + path + " cannot be read: " + unreadable.getMessage(), unreadable);
        }
    }

    /** What changes when an adapter is written. */
    private static List<Object> version(Path directory) throws IOException {
        List<Object> version = new ArrayList<>();
        version.add(directory.toAbsolutePath());
        for (String name : List.of(PeftDirectory.CONFIG, PeftDirectory.TENSORS)) {
            Path file = directory.resolve(name);
            if (Files.isRegularFile(file)) {
                version.add(Files.getLastModifiedTime(file));
                version.add(Files.size(file));
            }
        }
        return version;
    }

    private static void checkBase(Adapter adapter, String layer, INDArray live, String path) {
        BaseFingerprint base = adapter.base();
        BaseFingerprint.Weight weight = base == null ? null : base.weights().get(layer);
        List<String> differences = weight == null
                ? List.of()
                : new BaseFingerprint(Map.of(layer, weight)).differences(Map.of(layer, live));
        if (!differences.isEmpty()) {
            throw new LowRankException("The adapter in " + path + " was made on another base: " + differences.get(0)
                    + ". Start from the network that it was trained on, or set adapter.any-base=yes.");
        }
    }
}
