package org.lowrank4j.command.work;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.compression.Calibration;
import org.lowrank4j.file.Safetensors;
import org.lowrank4j.method.Excerpt;
import org.lowrank4j.method.NearestName;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.dataset.api.iterator.MultiDataSetIterator;

/** The data that a verb is told to look at: of an iterator of the user's, or in a file. */
final class CalibrationSource {

    /** Of what is in files. */
    private static final int BATCH = 32;

    private static final String INPUTS = "inputs";
    private static final String LABELS = "labels";

    private CalibrationSource() {}

    /**
     * Reads data.
     *
     * @param source a safetensors file with "inputs" and perhaps "labels", examples first, or the name of a class
     * @param batches how many minibatches at most
     * @param type of the network's numbers
     * @throws LowRankException if it is neither, or cannot be used
     */
    static Calibration read(String source, int batches, DataType type) throws IOException {
        Path file = file(source);
        return file == null ? ofClass(source, batches) : ofFile(file, batches, type);
    }

    private static @Nullable Path file(String source) {
        try {
            Path file = Path.of(source);
            return Files.exists(file) ? file : null;
        } catch (InvalidPathException noPath) {
            return null;
        }
    }

    private static Calibration ofFile(Path file, int batches, DataType type) throws IOException {
        try {
            Map<String, INDArray> tensors = Safetensors.read(file).tensors();
            INDArray inputs = tensors.get(INPUTS);
            if (inputs == null) {
                throw new LowRankException("it has no tensor \"" + INPUTS + "\"; it has " + Excerpt.of(tensors.keySet())
                        + "." + NearestName.suggestion(INPUTS, tensors.keySet()));
            }
            INDArray labels = tensors.get(LABELS);
            if (labels != null && labels.size(0) != inputs.size(0)) {
                throw new LowRankException("it has " + inputs.size(0) + " inputs and " + labels.size(0) + " labels.");
            }
            return Calibration.of(inputs.castTo(type), labels == null ? null : labels.castTo(type), BATCH, batches);
        } catch (LowRankException refused) {
            throw new LowRankException(
                    "--data " + file + " cannot be used: " + refused.getMessage()
                            + " A file of data is in the safetensors format, with \"" + INPUTS + "\" and perhaps \""
                            + LABELS + "\", examples first.",
                    refused);
        }
    }

    private static Calibration ofClass(String name, int batches) {
        Object data = made(name);
        if (data instanceof Supplier<?> supplier) {
            data = supplier.get();
        }
        if (data instanceof DataSetIterator iterator) {
            return Calibration.of(iterator, batches);
        }
        if (data instanceof MultiDataSetIterator iterator) {
            return Calibration.of(iterator, batches);
        }
        throw new LowRankException("--data " + name + " is no data: it is or supplies "
                + (data == null ? "null" : "a " + data.getClass().getName())
                + ", and a DataSetIterator, a MultiDataSetIterator or a Supplier of one is expected.");
    }

    private static Object made(String name) {
        try {
            Class<?> type = Class.forName(name, true, Thread.currentThread().getContextClassLoader());
            if (!Modifier.isPublic(type.getModifiers()) || Modifier.isAbstract(type.getModifiers())) {
                throw new LowRankException(
                        "--data " + name + " must be a public class that is not abstract, and it is not.");
            }
            return type.getConstructor().newInstance();
        } catch (ClassNotFoundException | LinkageError absent) {
            throw new WrongUse("--data " + Excerpt.of(name) + " is no file, and no class of that name could be loaded ("
                    + Excerpt.of(absent) + "). Give the class with its package, and what it needs with"
                    + " --classpath or --project.");
        } catch (NoSuchMethodException | IllegalAccessException | InstantiationException noConstructor) {
            throw new LowRankException(
                    "--data " + name + " has no public constructor without arguments. Give a class that has one, for"
                            + " example a Supplier<DataSetIterator>.",
                    noConstructor);
        } catch (InvocationTargetException failed) {
            throw new LowRankException(
                    "--data " + name + " could not be made: " + Excerpt.of(failed.getTargetException()) + ".", failed);
        }
    }
}
