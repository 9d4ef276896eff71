package org.lowrank4j.adapter;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.lowrank4j.LowRankException;
import org.lowrank4j.initialisation.DeadPairs;
import org.lowrank4j.initialisation.Factors;
import org.lowrank4j.initialisation.Initialisation;
import org.lowrank4j.initialisation.Start;
import org.lowrank4j.method.MethodOption;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * A and B start as those of a saved adapter, on the base that it was made for:
 *
 * <pre>A = A' s' / s,   B = B',   W becomes W + s A B = W + s' A' B'</pre>
 *
 * <p>where A', B' and s' are the adapter's, of rank r' at most r. Pairs beyond r' start as LoRA's do and leave the network
 * as it is. What the adapter holds besides, such as an output layer that was trained in full, is not put in force: {@link
 * AdapterSet} and {@link Merge} do that.
 */
public final class SavedAdapterStart implements Initialisation {

    private enum AnyBase {
        YES,
        NO
    }

    @Override
    public String name() {
        return "adapter";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption("path", "", "the PEFT directory of the adapter to start from"),
                new MethodOption(
                        "any-base",
                        "no",
                        "yes starts on a network with other weights than those that the adapter was made for, too: yes or"
                                + " no"));
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
        if (start.options().choice("any-base", AnyBase.class) == AnyBase.NO) {
            checkBase(adapter, start, path);
        }
        INDArray a = Nd4j.create(DataType.DOUBLE, start.inputs(), start.rank());
        INDArray b = Nd4j.create(DataType.DOUBLE, start.rank(), start.outputs());
        a.get(NDArrayIndex.all(), NDArrayIndex.interval(0, saved.rank()))
                .assign(saved.a().castTo(DataType.DOUBLE).mul(saved.scale() / start.scale()));
        b.get(NDArrayIndex.interval(0, saved.rank()), NDArrayIndex.all())
                .assign(saved.b().castTo(DataType.DOUBLE));
        return DeadPairs.revived(new Factors(a, b), start).on(start.weight());
    }

    private static Adapter read(String path) {
        if (path.isBlank()) {
            throw new LowRankException(
                    "init=adapter starts from a saved adapter: set adapter.path to its PEFT directory,"
                            + " the one with " + PeftDirectory.CONFIG + " and " + PeftDirectory.TENSORS + ".");
        }
        try {
            return PeftDirectory.read(Path.of(path));
        } catch (IOException | InvalidPathException unreadable) {
            throw new LowRankException(
                    "adapter.path=" + path + " cannot be read: " + unreadable.getMessage(), unreadable);
        }
    }

    private static void checkBase(Adapter adapter, Start start, String path) {
        BaseFingerprint base = adapter.base();
        BaseFingerprint.Weight weight = base == null ? null : base.weights().get(start.layer());
        List<String> differences = weight == null
                ? List.of()
                : new BaseFingerprint(Map.of(start.layer(), weight)).differences(Map.of(start.layer(), start.weight()));
        if (!differences.isEmpty()) {
            throw new LowRankException("The adapter in " + path + " was made on another base: " + differences.get(0)
                    + ". Start from the network that it was trained on, or set adapter.any-base=yes.");
        }
    }
}
