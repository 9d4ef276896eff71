package org.lowrank4j.tests.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.lowrank4j.tests.ForkedJvm;
import org.lowrank4j.tests.ForkedJvm.Run;
import org.lowrank4j.tests.pages.Page;
import org.lowrank4j.tests.spark.program.AveragingJob;
import org.lowrank4j.tests.spark.program.ReplicaSteps;

/** Writes the page about many workers: what travels on a cluster of Spark's, and what a step on replicas takes. */
public final class WorkersPage {

    private static final int RANK = 8;
    private static final int ROUNDS = 4;
    private static final int INPUTS = 12;
    private static final int CLASSES = 3;

    /** Of the network and the two moments of Adam, in float. */
    private static final int BYTES = 3 * Float.BYTES;

    private static final List<Integer> WIDTHS = List.of(64, 256, 1024);
    private static final List<Integer> WORKERS = List.of(1, 2, 4);

    /** ParallelWrapper takes two at least. */
    private static final List<Integer> REPLICAS = List.of(2, 4);

    private static final int MIDDLE = 256;

    private static final int STEP_WIDTH = 512;
    private static final List<Integer> STEP_WIDTHS = List.of(256, STEP_WIDTH, 1024);
    private static final int STEP_ROUNDS = 40;
    private static final int PROCESSES = 3;

    private WorkersPage() {}

    public static void main(String[] arguments) throws IOException {
        Page page = new Page(Path.of(System.getProperty("pages.site", "target/pages/workers/site")), "workers");
        page.paragraph("# Many workers");
        page.paragraph("What travels between workers, and what replicas cost, against Deeplearning4j alone. Written by");
        page.paragraph("""
                ```sh
                ./mvnw -q -B -ntp -pl tests -am -DskipTests -Ppages,spark -Dexample.skip=true -Dpage=workers verify
                ```""");
        spark(page);
        replicas(page);
        page.write();
    }

    private static void spark(Page page) throws IOException {
        page.section("Bytes on Spark");
        page.paragraph(String.format(
                Locale.ROOT,
                "Parameter averaging on a stand-alone cluster, workers being processes: a network %d-width-width-%d in float with"
                        + " Adam, whose state travels with it, %d rounds, and rank %d. Spark itself tells the bytes: of the parts of"
                        + " broadcasts that came to executors (not compressed), and of the results of their tasks. *Once* is"
                        + " the broadcast that all workers start from; the other numbers are of one round and all workers, with what"
                        + " Spark adds to every task. *Formula* is the number of values times four bytes: what the report of a job"
                        + " says.",
                INPUTS,
                CLASSES,
                ROUNDS,
                RANK));
        page.header("workers", "width", "", "once", "to workers", "formula", "back", "formula", "part of stock");
        Path folder = Files.createTempDirectory("workers");
        try (StandaloneCluster cluster = StandaloneCluster.withDl4j(folder, 4)) {
            for (int width : WIDTHS) {
                rows(page, cluster, 2, width);
            }
            for (int workers : WORKERS) {
                if (workers != 2) {
                    rows(page, cluster, workers, MIDDLE);
                }
            }
        }
        page.paragraph("""
                Both grow in proportion to the workers. With the width, what stock sends grows as its square, and what adapters
                send in proportion to it.""".replace('\n', ' '));
    }

    private static void rows(Page page, StandaloneCluster cluster, int workers, int width) {
        long all = 1L * INPUTS * width + width + 1L * width * width + width + 1L * width * CLASSES + CLASSES;
        long trained = RANK * (INPUTS + 3L * width) + 1L * width * CLASSES + CLASSES;
        Run stock = run(cluster.job(AveragingJob.class), workers, width);
        double stockSent = number(stock, "broadcast") / ROUNDS;
        double stockBack = number(stock, "results") / ROUNDS;
        Run adapted = run(
                cluster.job(AveragingJob.class, "-javaagent:" + ForkedJvm.agentJar())
                        .withAgent("rank=" + RANK),
                workers,
                width);
        double once = number(adapted, "largest");
        double sent = (number(adapted, "broadcast") - once) / ROUNDS;
        double back = number(adapted, "results") / ROUNDS;
        row(page, workers, width, "stock", "", stockSent, stockBack, workers * all * BYTES, "");
        String part = String.format(Locale.ROOT, "1/%.1f", (stockSent + stockBack) / (sent + back));
        row(page, workers, width, "adapters", bytes(once), sent, back, workers * trained * BYTES, part);
    }

    private static void row(
            Page page, int workers, int width, String who, String once, double sent, double back, double formula, String part) {
        row(page, List.of(
                "" + workers, "" + width, who, once, bytes(sent), bytes(formula), bytes(back), bytes(formula), part));
    }

    /** Also for whoever waits. */
    private static void row(Page page, List<String> cells) {
        System.out.println(String.join("  ", cells));
        page.row(cells);
    }

    private static Run run(ForkedJvm job, int workers, int width) {
        return job.withArguments(
                        "workers=" + workers, "width=" + width, "type=FLOAT", "updater=adam", "rounds=" + ROUNDS)
                .run()
                .succeeded();
    }

    private static double number(Run run, String name) {
        return Double.parseDouble(run.result("java." + name));
    }

    private static String bytes(double number) {
        return String.format(Locale.ROOT, "%,.0f", number);
    }

    /** Milliseconds of the processor for a minibatch. */
    private record Times(double stock, double adapted) {}

    private static void replicas(Page page) {
        page.section("Time on ParallelWrapper");
        page.paragraph(String.format(
                Locale.ROOT,
                "A network 64-width-width-8 with minibatches of 32, averaged after each: milliseconds of the processor for a"
                        + " minibatch of one replica, averaging included, median (least .. greatest) of %d processes that took"
                        + " turns.",
                PROCESSES));
        page.header("replicas", "width", "stock", "adapters of rank " + RANK, "part of stock");
        Map<Integer, Times> byReplicas = new TreeMap<>();
        Map<Integer, Times> byWidth = new TreeMap<>();
        for (int replicas : REPLICAS) {
            byReplicas.put(replicas, times(page, replicas, STEP_WIDTH));
        }
        for (int width : STEP_WIDTHS) {
            byWidth.put(width, width == STEP_WIDTH ? byReplicas.get(2) : times(page, 2, width));
        }
        page.paragraph(growth("replicas", new ArrayList<>(byReplicas.entrySet())) + " "
                + growth("width", new ArrayList<>(byWidth.entrySet())));
    }

    private static String growth(String what, List<Map.Entry<Integer, Times>> times) {
        Map.Entry<Integer, Times> first = times.get(0);
        Map.Entry<Integer, Times> last = times.get(times.size() - 1);
        return String.format(
                Locale.ROOT,
                "From %s %,d to %,d, stock's time is multiplied by %.1f, and that of adapters by %.1f.",
                what,
                first.getKey(),
                last.getKey(),
                last.getValue().stock() / first.getValue().stock(),
                last.getValue().adapted() / first.getValue().adapted());
    }

    private static Times times(Page page, int replicas, int width) {
        List<Double> stock = new ArrayList<>();
        List<Double> adapted = new ArrayList<>();
        for (int process = 0; process < PROCESSES; process++) {
            stock.add(step(steps(replicas, width)));
            adapted.add(step(steps(replicas, width).withAgent("rank=" + RANK)));
        }
        Times times = new Times(median(stock), median(adapted));
        row(page, List.of(
                "" + replicas,
                "" + width,
                spread(stock),
                spread(adapted),
                String.format(Locale.ROOT, "%.2f", times.adapted() / times.stock())));
        return times;
    }

    private static ForkedJvm steps(int replicas, int width) {
        return ForkedJvm.of(ReplicaSteps.class).withArguments("" + replicas, "" + width, "" + STEP_ROUNDS);
    }

    private static double step(ForkedJvm program) {
        return Double.parseDouble(program.run().succeeded().result("milliseconds"));
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    private static String spread(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        return String.format(
                Locale.ROOT,
                "%.1f (%.1f .. %.1f)",
                median(values),
                sorted.get(0),
                sorted.get(sorted.size() - 1));
    }
}
