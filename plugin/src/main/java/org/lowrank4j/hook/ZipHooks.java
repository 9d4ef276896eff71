package org.lowrank4j.hook;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.engine.Networks;
import org.lowrank4j.engine.RulesInForce;
import org.lowrank4j.engine.Training;
import org.lowrank4j.file.AdapterEntry;
import org.lowrank4j.file.ModelZip;
import org.lowrank4j.file.NetworkState;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.dataset.api.preprocessor.DataNormalization;

/** Model zips: an adapted network's carries the state of its training; null leaves writing to DL4J. */
public final class ZipHooks {

    private ZipHooks() {}

    /** Instead of {@code ModelSerializer.writeModel(Model, File, boolean, DataNormalization)}. */
    public static @Nullable Object writeFile(
            Object model, Object file, boolean saveUpdater, @Nullable Object normalizer) throws IOException {
        NetworkState state = RulesInForce.none() ? null : Training.stateToSave(model, saveUpdater);
        if (state == null) {
            return null;
        }
        ModelZip.write(state, ((File) file).toPath(), (DataNormalization) normalizer);
        return Boolean.TRUE;
    }

    /** Instead of {@code ModelSerializer.writeModel(Model, String, boolean)}. */
    public static @Nullable Object writePath(Object model, Object path, boolean saveUpdater) throws IOException {
        return writeFile(model, new File((String) path), saveUpdater, null);
    }

    /** Instead of {@code ModelSerializer.writeModel(Model, OutputStream, boolean, DataNormalization)}. */
    public static @Nullable Object writeStream(
            Object model, Object stream, boolean saveUpdater, @Nullable Object normalizer) throws IOException {
        NetworkState state = RulesInForce.none() ? null : Training.stateToSave(model, saveUpdater);
        if (state == null) {
            return null;
        }
        ModelZip.write(state, (OutputStream) stream, (DataNormalization) normalizer);
        return Boolean.TRUE;
    }

    /** After {@code restoreMultiLayerNetworkHelper} and {@code restoreComputationGraphHelper}. */
    public static void restored(Object networkAndEntries) {
        Pair<?, ?> pair = (Pair<?, ?>) networkAndEntries;
        byte[] entry = (byte[]) ((Map<?, ?>) pair.getSecond()).get(AdapterEntry.NAME);
        if (entry != null) {
            Model model = (Model) pair.getFirst();
            try {
                Networks.restored(model, AdapterEntry.read(entry, model.params()));
            } catch (LowRankException unusable) {
                Networks.restoredWithoutState(model, AdapterEntry.NAME, unusable);
            }
        }
    }
}
