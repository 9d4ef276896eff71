package org.lowrank4j.tests.pages;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChildJvmTest {

    /** Says its argument, property and thread limit; fails if asked to. */
    static final class Child {
        private Child() {}

        public static void main(String[] args) {
            System.out.println(args[0] + " " + System.getProperty("word") + " " + System.getenv("OMP_NUM_THREADS"));
            System.err.println("to the error stream");
            if (args[0].equals("fail")) {
                for (int i = 0; i < 60; i++) {
                    System.out.println("line " + i);
                }
                System.exit(3);
            }
        }
    }

    @Test
    void passesOptionsAndReturnsBothStreams() throws Exception {
        List<String> lines = new ArrayList<>();
        List<String> errors = ChildJvm.run(List.of("-Dword=hello"), Child.class, List.of("work"), lines::add);
        assertEquals(List.of("work hello 1"), lines);
        assertTrue(errors.contains("to the error stream"), errors.toString());
    }

    @Test
    void aFailureShowsTheLastLines() {
        String message = assertThrows(
                        ChildJvm.FailedException.class,
                        () -> ChildJvm.run(List.of(), Child.class, List.of("fail"), line -> {}))
                .getMessage();
        assertTrue(message.startsWith("Child ended with exit code 3."), message);
        assertTrue(message.contains("line 59"), message);
        assertFalse(message.contains("line 20\n"), message);
    }
}
