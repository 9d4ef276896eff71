package digits;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The data of the example: MNIST where its files are found, otherwise digits drawn by {@link DrawnDigits}. Nothing is
 * ever downloaded.
 *
 * @param name {@code mnist} or {@code drawn}; part of the base model's file name
 * @param directory where the files lie, or empty for drawn digits
 * @param train the digits to learn from
 * @param test the digits to measure with
 */
public record Digits(String name, String directory, DigitSet train, DigitSet test) {

    private static final String TRAIN_IMAGES = "train-images-idx3-ubyte";
    private static final String TRAIN_LABELS = "train-labels-idx1-ubyte";
    private static final String TEST_IMAGES = "t10k-images-idx3-ubyte";
    private static final String TEST_LABELS = "t10k-labels-idx1-ubyte";
    private static final List<String> FILES = List.of(TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS);

    /** Asks for drawn digits where a directory could be named. */
    public static final String DRAWN = "drawn";

    // The drawn test set is large enough that its sampling error (about 0.3 points at 97 %) does not hide the arms.
    private static final int DRAWN_TRAIN = 12_000;
    private static final int DRAWN_TEST = 4_000;
    private static final long DRAWN_SEED = 20_260_101L;

    /**
     * Loads the digits.
     *
     * @param directory a directory with the four MNIST files, plain or gzipped; {@code drawn} for drawn digits; empty
     *     to look in the usual places
     * @throws IOException if a named directory lacks a file, or a file is damaged
     */
    public static Digits load(String directory) throws IOException {
        String place = locate(directory);
        return place.isEmpty() ? drawn(DRAWN_TRAIN, DRAWN_TEST, DRAWN_SEED) : mnist(Path.of(place));
    }

    /**
     * Where {@link #load} would read from, without reading: the named directory, or else system property
     * {@code digits.data}, environment variable {@code DIGITS_DATA}, the data folder of the project, DL4J's own
     * download folder.
     *
     * @return a directory, or empty for drawn digits
     */
    public static String locate(String directory) {
        for (String named : List.of(
                directory,
                System.getProperty("digits.data", ""),
                System.getenv().getOrDefault("DIGITS_DATA", ""))) {
            if (!named.isEmpty()) {
                return named.equals(DRAWN) ? "" : named;
            }
        }
        for (Path place : usualPlaces()) {
            if (FILES.stream().allMatch(file -> find(place, file) != null)) {
                return place.normalize().toString();
            }
        }
        return "";
    }

    private static List<Path> usualPlaces() {
        List<Path> places = new ArrayList<>();
        // The working directory is the project's root, or its examples folder under Maven.
        for (Path base : List.of(Path.of("").toAbsolutePath(), Path.of("..").toAbsolutePath())) {
            places.add(base.resolve("data/mnist"));
        }
        Path dl4j = Path.of(System.getProperty(
                "org.deeplearning4j.resources.directory", System.getProperty("user.home") + "/.deeplearning4j"));
        places.add(dl4j.resolve("data/MNIST"));
        places.add(dl4j.resolve("MNIST"));
        places.add(dl4j);
        return places;
    }

    private static Path find(Path directory, String name) {
        for (String ending : List.of("", ".gz")) {
            Path file = directory.resolve(name + ending);
            if (Files.isRegularFile(file)) {
                return file;
            }
        }
        return null;
    }

    /** The digits of the four MNIST files in a directory. */
    static Digits mnist(Path directory) throws IOException {
        return new Digits(
                "mnist",
                directory.toString(),
                read(directory, TRAIN_IMAGES, TRAIN_LABELS),
                read(directory, TEST_IMAGES, TEST_LABELS));
    }

    /** Drawn digits: the same for the same arguments, test digits never among the training digits. */
    static Digits drawn(int train, int test, long seed) {
        return new Digits(DRAWN, "", DrawnDigits.draw(train, seed), DrawnDigits.draw(test, seed + 1));
    }

    private static DigitSet read(Path directory, String imageFile, String labelFile) throws IOException {
        IdxFile images = IdxFile.read(require(directory, imageFile), 3);
        IdxFile labels = IdxFile.read(require(directory, labelFile), 1);
        if (images.dimensions()[1] != DigitSet.SIDE || images.dimensions()[2] != DigitSet.SIDE) {
            throw new IOException(imageFile + " in " + directory + " holds images of " + images.dimensions()[1] + " x "
                    + images.dimensions()[2] + " pixels; this example takes 28 x 28.");
        }
        if (images.count() != labels.count()) {
            throw new IOException(imageFile + " holds " + images.count() + " images but " + labelFile + " holds "
                    + labels.count() + " labels, in " + directory + ".");
        }
        byte[][] pixels = new byte[images.count()][DigitSet.PIXELS];
        for (int i = 0; i < pixels.length; i++) {
            System.arraycopy(images.values(), i * DigitSet.PIXELS, pixels[i], 0, DigitSet.PIXELS);
            int label = labels.values()[i] & 0xff;
            if (label >= DigitSet.CLASSES) {
                throw new IOException(
                        labelFile + " in " + directory + ": label " + i + " is " + label + ", not 0 to 9.");
            }
        }
        return new DigitSet(pixels, labels.values());
    }

    private static Path require(Path directory, String name) throws IOException {
        Path file = find(directory, name);
        if (file == null) {
            throw new IOException("There is no " + name + " or " + name + ".gz in " + directory.toAbsolutePath()
                    + ". The four files needed are " + String.join(", ", FILES) + ", each plain or with .gz.");
        }
        return file;
    }

    /** One line that says which digits these are and where they come from. */
    public String describe() {
        String origin = directory.isEmpty()
                ? "drawn digits (no MNIST files found; name their directory with --data)"
                : "MNIST from " + directory;
        return origin + ": " + train.size() + " to train, " + test.size() + " to test";
    }
}
