package org.lowrank4j.reference;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.function.Executable;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Compares the project's classes with reference numbers, most of them made by the methods' published code.
 *
 * <p>Every case runs in double and in float. Another set of cases of the same schema is read with {@code
 * -Dlowrank.reference=DIRECTORY}; cases of methods that the project does not have are skipped.
 */
@Tag("reference")
class ReferenceTest {

    private final Map<String, Reference> references = references();

    @TestFactory
    Stream<DynamicTest> cases() throws IOException, URISyntaxException {
        List<ReferenceCase> cases = new ArrayList<>();
        for (Path file : files(directory())) {
            cases.add(ReferenceCase.read(file));
        }
        assertFalse(cases.isEmpty(), "no case in " + directory());
        return cases.stream()
                .map(given -> DynamicTest.dynamicTest(given.method() + "/" + given.name(), () -> check(given)));
    }

    /** Guards against cases that are skipped because their adapter was not found. */
    @Test
    void theseMethodsHaveReferences() {
        List<String> needed = List.of(
                "adabelief",
                "adafactor",
                "adahessian",
                "adamod",
                "afm",
                "ademamix",
                "apollo",
                "attention",
                "batchnorm",
                "bilora",
                "bidirectional",
                "conv1d",
                "conv2d",
                "conv3d",
                "deconv2d",
                "depthwise",
                "diffgrad",
                "econtrol",
                "embedding",
                "fira",
                "fwsvd",
                "flag_aggregator",
                "flagaggregator",
                "graveslstm",
                "greenformers",
                "lora",
                "rmm",
                "rslora",
                "loraplus",
                "lord",
                "lstm",
                "mfac",
                "pela",
                "shampoo",
                "dion",
                "muon",
                "newnorm",
                "ldadam",
                "flora",
                "golore",
                "subtrack",
                "riemannian",
                "lora_rite",
                "perpgrad",
                "prodigy",
                "separable",
                "simplernn",
                "powersgd",
                "loraga",
                "galore",
                "switchlora",
                "pissa",
                "milora",
                "olora",
                "lorafa",
                "lorapro",
                "loraxs",
                "loldu",
                "lorasb",
                "loraone",
                "eora",
                "eva",
                "corda",
                "loftq",
                "vera",
                "dora",
                "relora",
                "adalora",
                "trp",
                "maestro",
                "sema",
                "stablemax",
                "intrinsic",
                "hira",
                "kasa",
                "loha",
                "lokr",
                "mica",
                "miss",
                "oft",
                "s2ft",
                "zloss");
        assertTrue(references.keySet().containsAll(needed), () -> "only " + references.keySet());
    }

    private void check(ReferenceCase given) {
        // In the folder of a kind of layer, a case that does not say how it trains is of the method that it is called
        // by.
        String first = given.name().substring(0, given.name().indexOf('_') + 1).replace("_", "");
        boolean byName = references.get(given.method()) instanceof LayerCases && !given.hasText("low_rank_method");
        Reference reference = references.get(byName ? first : given.method());
        Assumptions.assumeTrue(reference != null, () -> "skipped: the project has no method " + given.method());
        double exact = check(given, reference, DataType.DOUBLE);
        double single = check(given, reference, DataType.FLOAT);
        System.out.printf(
                Locale.ROOT,
                "%-11s %-42s double %.1e (allowed %.0e)  float %.1e (allowed %.0e)%n",
                given.method(),
                given.name(),
                exact,
                given.relative(DataType.DOUBLE),
                single,
                given.relative(DataType.FLOAT));
    }

    /** Returns the worst error of all entries. */
    private static double check(ReferenceCase given, Reference reference, DataType type) {
        Outcome outcome = new Outcome();
        reference.compute(given, type, outcome);
        if (!outcome.alternative().isEmpty() && type == DataType.DOUBLE) {
            System.out.println(given.method() + "/" + given.name() + " is compared with: " + outcome.alternative());
        }
        double allowed = given.relative(type);
        List<Executable> failures = new ArrayList<>();
        double worst = 0;
        int checked = 0;
        for (Map.Entry<String, Object> entry :
                given.expected(outcome.alternative()).entrySet()) {
            String name = entry.getKey();
            Object actual = outcome.values().get(name);
            if (actual == null) {
                assertNotNull(
                        outcome.reasons().get(name),
                        () -> name + " is expected, and was neither computed nor listed as not produced");
                continue;
            }
            checked++;
            if (entry.getValue() instanceof Values expected && actual instanceof Values values) {
                double error = Comparison.error(
                        given.rule(name), expected, values, given.zeroScale(), reference.hasSignsPerRow(name));
                worst = Math.max(worst, error);
                if (!(error <= allowed)) {
                    failures.add(() -> fail(type + " " + name + ": error " + error + ", allowed " + allowed));
                }
            } else {
                assertEquals(entry.getValue(), actual, name);
            }
        }
        assertTrue(checked > 0, "the case has no entry that was checked");
        if (type == DataType.DOUBLE) {
            failures.addAll(invariants(given, outcome));
        }
        assertAll(failures);
        return worst;
    }

    /** The equations of the case, on what was computed; where something was not, on the expected numbers. */
    private static List<Executable> invariants(ReferenceCase given, Outcome outcome) {
        Map<String, Values> known = new LinkedHashMap<>(given.known());
        outcome.values().forEach((name, value) -> {
            if (value instanceof Values values) {
                known.put(name, values);
            }
        });
        List<Executable> failures = new ArrayList<>();
        for (String text : given.invariants()) {
            Invariant.check(text, known, given.known(), given.zeroScale())
                    .ifPresent(why -> failures.add(() -> fail(text + ": " + why)));
        }
        return failures;
    }

    private static Path directory() throws URISyntaxException {
        String chosen = System.getProperty("lowrank.reference", "");
        return chosen.isEmpty() ? classes("/reference") : Path.of(chosen);
    }

    private static List<Path> files(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> file.toString().endsWith(".json"))
                    .filter(file -> !file.getFileName().toString().equals("index.json"))
                    .sorted()
                    .toList();
        }
    }

    private static Map<String, Reference> references() {
        Map<String, Reference> found = new TreeMap<>();
        try (Stream<Path> files = Files.list(classes(""))) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString();
                if (name.endsWith("Reference.class") && !name.equals("Reference.class")) {
                    Class<?> type = Class.forName(
                            ReferenceTest.class.getPackageName() + "." + name.substring(0, name.length() - 6));
                    Reference reference =
                            (Reference) type.getDeclaredConstructor().newInstance();
                    found.put(reference.method(), reference);
                }
            }
        } catch (IOException | URISyntaxException | ReflectiveOperationException wrong) {
            throw new AssertionError("a reference must be a class with a constructor without arguments", wrong);
        }
        return found;
    }

    private static Path classes(String resource) throws URISyntaxException {
        return Path.of(Objects.requireNonNull(ReferenceTest.class.getResource(resource))
                .toURI());
    }
}
