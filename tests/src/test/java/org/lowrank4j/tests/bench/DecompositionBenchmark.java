package org.lowrank4j.tests.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.lowrank4j.decomposition.PivotedLu;
import org.lowrank4j.decomposition.PortableDecompositions;
import org.lowrank4j.decomposition.RandomisedSvd;
import org.lowrank4j.decomposition.Sylvester;
import org.lowrank4j.decomposition.SymmetricEigen;
import org.lowrank4j.decomposition.ThinQr;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.tests.pages.Spread;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The time of each decomposition of a float matrix, beside LAPACK's own routine and the fallback for other backends.
 *
 * <p>All decompositions here compute in double, whatever they are given, so the routine that they are measured against is
 * the one for doubles. The SVD in single precision is measured too: it shows what that accuracy costs. Times are the
 * calling thread's CPU time, which other programs do not lengthen.
 */
final class DecompositionBenchmark {

    private static final int[] SIZES = {256, 1024};
    private static final int TRIPLETS = 64;
    private static final int POWER_ITERATIONS = 4;
    private static final double WARM_UP_SECONDS = 1;

    /** At least that many are timed in a turn, so this many rounds of the slowest fallback are enough. */
    private static final int ROUNDS_OF_FALLBACK = 1;

    private static final String OURS = "lowrank4j";
    private static final String PORTABLE = "fallback";

    private final SpeedSettings settings;
    private final Findings findings;
    private final Map<String, Object> details = new LinkedHashMap<>();

    DecompositionBenchmark(SpeedSettings settings, Findings findings) {
        this.settings = settings;
        this.findings = findings;
    }

    /** All slices, by size, decomposition and contestant. */
    Map<String, Object> run() throws IOException {
        for (int n : SIZES) {
            run(n);
        }
        return details;
    }

    private void run(int n) throws IOException {
        INDArray matrix = gaussian(n, 1);
        INDArray symmetric = matrix.mmul(matrix.transpose()).divi(n);
        INDArray other = gaussian(n, 2);
        INDArray second = other.mmul(other.transpose()).divi(n).addi(Nd4j.eye(n));
        LapackCalls lapack = new LapackCalls(matrix, symmetric);

        Map<String, Runnable> direct = new LinkedHashMap<>();
        direct.put("LAPACKE_dgesdd", lapack::dgesdd);
        direct.put("LAPACKE_sgesdd", lapack::sgesdd);
        compare(n, "SVD", () -> ThinSvd.of(matrix), direct, () -> PortableDecompositions.svd(matrix));
        compare(
                n,
                "randomised SVD, " + TRIPLETS + " triplets",
                () -> RandomisedSvd.of(matrix, TRIPLETS, POWER_ITERATIONS, new Random(1)),
                Map.of("LAPACKE_dgesdd", lapack::dgesdd),
                () -> PortableDecompositions.randomisedSvd(matrix, TRIPLETS, POWER_ITERATIONS, new Random(1)));
        compare(
                n,
                "QR",
                () -> ThinQr.of(matrix),
                Map.of("LAPACKE_dgeqrf + dorgqr", lapack::dgeqrf),
                () -> PortableDecompositions.qr(matrix));
        compare(
                n,
                "LU",
                () -> PivotedLu.of(matrix),
                Map.of("LAPACKE_dgetrf", lapack::dgetrf),
                () -> PortableDecompositions.lu(matrix));
        compare(
                n,
                "symmetric eigen",
                () -> SymmetricEigen.of(symmetric),
                Map.of("LAPACKE_dsyevd", lapack::dsyevd),
                () -> PortableDecompositions.eigen(symmetric));
        compare(
                n,
                "Sylvester",
                () -> Sylvester.solve(symmetric, second, matrix),
                Map.of("LAPACKE_dsyevd, twice", () -> {
                    lapack.dsyevd();
                    lapack.dsyevd();
                }),
                () -> PortableDecompositions.sylvester(symmetric, second, matrix));
    }

    private void compare(int n, String name, Runnable ours, Map<String, Runnable> direct, Runnable portable)
            throws IOException {
        String setting = n + " x " + n;
        List<Contestant> arms = new ArrayList<>();
        arms.add(new InProcess(OURS, ours));
        direct.forEach((routine, call) -> arms.add(new InProcess(routine, call)));
        Map<String, List<Slice>> slices =
                Interleaving.run(arms, settings.rounds(), WARM_UP_SECONDS, settings.sliceSeconds());
        slices.forEach((arm, rounds) -> add(setting, name + ", " + arm, "ms", Slice.spread(rounds, Slice::cpu)));
        for (String routine : direct.keySet()) {
            Spread ratio = Slice.ratios(slices.get(OURS), slices.get(routine), Slice::cpu);
            Finding finding = Finding.of("decomposition", setting, name + " / " + routine, "", ratio);
            boolean budgeted = n == 1024 && name.equals("SVD") && routine.equals("LAPACKE_dgesdd");
            findings.add(budgeted ? finding.within(1.3) : finding);
        }
        Map<String, List<Slice>> fallback = Interleaving.run(
                List.of(new InProcess(OURS, ours), new InProcess(PORTABLE, portable)),
                ROUNDS_OF_FALLBACK,
                0,
                settings.sliceSeconds());
        add(setting, name + ", " + PORTABLE, "ms", Slice.spread(fallback.get(PORTABLE), Slice::cpu));
        add(
                setting,
                name + ", " + PORTABLE + " / " + OURS,
                "",
                Slice.ratios(fallback.get(PORTABLE), fallback.get(OURS), Slice::cpu));
        Map<String, Object> raw = new LinkedHashMap<>();
        slices.forEach(
                (arm, rounds) -> raw.put(arm, rounds.stream().map(Slice::cpu).toList()));
        raw.put(PORTABLE, fallback.get(PORTABLE).stream().map(Slice::cpu).toList());
        details.put(name + " " + setting, raw);
    }

    private void add(String setting, String quantity, String unit, Spread value) {
        findings.add(Finding.of("decomposition", setting, quantity, unit, value));
    }

    private static INDArray gaussian(int n, long seed) {
        Random random = new Random(seed);
        float[] entries = new float[n * n];
        for (int i = 0; i < entries.length; i++) {
            entries[i] = (float) random.nextGaussian();
        }
        return Nd4j.create(entries, new long[] {n, n}, 'f').castTo(DataType.FLOAT);
    }

    /** A contestant in this JVM. */
    private record InProcess(String name, Runnable step) implements Contestant {

        @Override
        public void warmUp(double seconds) {
            long end = System.nanoTime() + (long) (seconds * 1e9);
            while (System.nanoTime() < end) {
                step.run();
            }
        }

        @Override
        public Slice run(double seconds) {
            return Worker.run(step::run, seconds);
        }

        @Override
        public void close() {
            // It has nothing of its own.
        }
    }
}
