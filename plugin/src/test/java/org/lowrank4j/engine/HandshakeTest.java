package org.lowrank4j.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** What a failure of a job on Spark means. */
class HandshakeTest {

    /** Stands for Spark's context, whose members are called by name. */
    public record Context(Conf conf) {
        public Conf getConf() {
            return conf;
        }
    }

    /** Its settings: one of them. */
    public record Conf(String options) {
        public String get(String name, String other) {
            return name.equals("spark.executor.extraJavaOptions") ? options : other;
        }
    }

    private static final RuntimeException UNREAD = new IllegalStateException(
            "job aborted",
            new IllegalStateException("java.lang.ClassCastException: class java.util.HashMap cannot be cast to class"
                    + " org.deeplearning4j.spark.api.worker.NetBroadcastTuple"));

    /** With the options that executors have already. */
    @Test
    void anExecutorWithoutLowrank4jIsNamed() {
        String said = Handshake.explanation(UNREAD, new Context(new Conf("-Xss4m")));

        assertTrue(String.valueOf(said).startsWith("An executor without lowrank4j was to train"), said);
        assertTrue(
                String.valueOf(said)
                        .contains(
                                "--conf \"spark.executor.extraJavaOptions=-javaagent:/path/to/lowrank4j-agent.jar -Xss4m\""),
                said);
        assertEquals(
                -1,
                String.valueOf(Handshake.explanation(UNREAD, new Context(new Conf(""))))
                        .indexOf(" \","));
    }

    @Test
    void otherFailuresAreLeftAsTheyAre() {
        assertNull(Handshake.explanation(new IllegalStateException("disk full"), new Context(new Conf(""))));
    }
}
