package org.lowrank4j.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.command.CommandLines.Ran;

/** Trials of a job whose loss is known: lowest at the rate 0.02, and infinite from 1 on. */
class TuneVerbTest {

    @TempDir
    Path folder;

    /** What the agent does in a trial, of a job that counts its runs in a file. */
    public static final class Job {

        private Job() {}

        public static void main(String[] arguments) throws IOException {
            Path runs = Path.of(arguments[0]);
            Files.writeString(runs, "x", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            if (Files.size(runs) > Integer.parseInt(arguments[1])) {
                System.out.println("the job is broken");
                System.exit(3);
            }
            String trial = System.getProperty("lowrank4j.trial");
            double rate = Double.parseDouble(System.getProperty("lowrank.rate"));
            int rank = Integer.getInteger("lowrank.rank", 1);
            int steps = Math.min(
                    Integer.getInteger("steps", 1000), Integer.parseInt(trial.substring(0, trial.indexOf(':'))));
            StringBuilder losses = new StringBuilder();
            for (int i = 1; i <= steps; i++) {
                double distance = Math.log10(rate) - Math.log10(0.02);
                losses.append(rate >= 1 ? Double.NaN : distance * distance + 1.0 / i + 0.1 / rank)
                        .append('\n');
            }
            Files.writeString(Path.of(trial.substring(trial.indexOf(':') + 1)), losses);
        }
    }

    private Ran tune(List<String> options, String mostRuns) {
        List<Object> all = new ArrayList<>(List.of("tune", "-o", folder.resolve("rates.tsv")));
        all.addAll(options);
        all.addAll(List.of(
                "--",
                Path.of(System.getProperty("java.home"), "bin", "java"),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path")));
        // The job stands in for one with the agent, which its command line must name.
        all.addAll(List.of(Job.class.getName(), folder.resolve("runs"), mostRuns, "-javaagent:lowrank4j-agent.jar"));
        return CommandLines.run(all.toArray());
    }

    private long runs() throws IOException {
        return Files.size(folder.resolve("runs"));
    }

    @Test
    void theSecondRoundLooksBesideTheBestOfTheFirst() throws IOException {
        Ran ran = tune(List.of("--rates", "1e-5:1e1:13", "--steps", "160"), "1000");
        assertEquals(0, ran.status(), ran::toString);
        assertTrue(ran.out().contains("best: rate=0.0316\n"), ran::toString);
        assertTrue(ran.out().contains("diverged"), ran::toString);
        // 4 x 10; 0.0316, 0.01, 0.1 x 40; 0.0316, 0.01 x 160.
        assertTrue(ran.out().contains("480 steps, 23 %"), ran::toString);
        assertEquals(9, runs());
        assertTrue(Files.readString(folder.resolve("rates.tsv.svg")).contains("160 steps"));
    }

    @Test
    void aGridOfManyCostsLittle() throws IOException {
        Ran ran = tune(List.of("--rates", "1e-4:1e-1:20", "--steps", "320"), "1000");
        // 7 x 20, 4 x 80, 2 x 320.
        assertTrue(ran.out().contains("1,100 steps, 17 %"), ran::toString);
        assertEquals(13, runs());
        assertTrue(ran.out().contains("best: rate=0.0234\n"), ran::toString);
    }

    @Test
    void anInterruptedOneGoesOn() throws IOException {
        Ran broken = tune(List.of("--rates", "1e-3,1e-2,1e-1,0.5,0.02", "--steps", "8"), "3");
        assertEquals(1, broken.status(), broken::toString);
        assertTrue(broken.err().contains("ended with status 3"), broken::toString);
        assertTrue(broken.err().contains("the job is broken"), broken::toString);
        assertEquals(5, Files.readAllLines(folder.resolve("rates.tsv")).size(), "three runs are in the table");
        Ran other = tune(List.of("--rates", "1e-3", "--steps", "8"), "1000");
        assertEquals(1, other.status(), other::toString);
        assertTrue(other.err().contains("is of another job"), other::toString);
        Files.writeString(
                folder.resolve("rates.tsv"),
                Files.readString(folder.resolve("rates.tsv")).replace(", 3, -javaagent", ", 1000, -javaagent"),
                StandardCharsets.UTF_8);
        Ran again = tune(List.of("--rates", "1e-3,1e-2,1e-1,0.5,0.02", "--steps", "8"), "1000");
        assertEquals(0, again.status(), again::toString);
        assertTrue(again.out().contains("best: rate=0.02\n"), again::toString);
        // Four that were begun, then the two neighbours of the best, and the best two in full.
        assertEquals(4 + 2 + 2, runs());
    }

    @Test
    void ranksAreTriedToo() throws IOException {
        Ran ran = tune(List.of("--rates", "0.01,0.02", "--ranks", "2,8", "--steps", "4", "--json"), "1000");
        assertEquals(0, ran.status(), ran::toString);
        assertTrue(ran.out().contains("\"best\": \"rate=0.02,rank=8\""), ran::toString);
    }

    /** What it has no steps for is not run again, and the table says how many it took. */
    @Test
    void aJobMayBeOverBefore() throws IOException {
        Ran ran = tune(List.of("--rates", "0.01,0.02", "--steps", "8000"), "1000");
        assertEquals(0, ran.status(), ran::toString);
        assertTrue(ran.err().contains("the job is over after 1000 steps"), ran::toString);
        assertTrue(ran.out().contains("best: rate=0.02\n2,500 steps"), ran::toString);
        assertEquals(3, runs());
    }

    @Test
    void theEdgeOfTheRatesIsSaid() throws IOException {
        Ran ran = tune(List.of("--rates", "0.001,0.002", "--steps", "4"), "1000");
        assertTrue(ran.out().contains("at the edge of those that were tried: try higher ones"), ran::toString);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--rates 1e-4:1e-1|must be FROM:TO:COUNT",
                "--rates 0,1|above 0",
                "--rates fast|must be FROM:TO:COUNT",
                "--steps 0|must be 1 or more",
                "--ranks 0|must be 1 or more",
            })
    void wrongUseIsTold(String options, String complaint) {
        Ran ran = tune(List.of(options.split(" ")), "1000");
        assertEquals(2, ran.status(), ran::toString);
        assertTrue(ran.err().contains(complaint), ran::toString);
        assertFalse(Files.exists(folder.resolve("runs")), "nothing ran");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "java -cp app.jar Train|has no -javaagent",
                "sh train.sh|must begin with java",
                "java -javaagent:lowrank4j-agent.jar=rank=8,rate=0.1 Train|The job sets rate itself",
                "java -javaagent:lowrank4j-agent.jar=rank=8 -Dlowrank.rate=0.1 Train|The job sets rate itself",
            })
    void aJobThatCannotBeTunedIsRefused(String job, String complaint) {
        List<Object> all = new ArrayList<>(List.of("tune", "-o", folder.resolve("rates.tsv"), "--"));
        all.addAll(List.of(job.split(" ")));
        Ran ran = CommandLines.run(all.toArray());
        assertEquals(2, ran.status(), ran::toString);
        assertTrue(ran.err().contains(complaint), ran::toString);
    }
}
