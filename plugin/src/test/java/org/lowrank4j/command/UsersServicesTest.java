package org.lowrank4j.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.deeplearning4j.nn.api.Trainable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lowrank4j.Services;
import org.lowrank4j.kind.Dense;
import org.lowrank4j.kind.LayerKind;
import org.lowrank4j.kind.Matrix;

/** A class path may hold a copy of lowrank4j beside the user's classes, or none; these work with the one that runs. */
class UsersServicesTest {

    @TempDir
    Path folder;

    /** As a program brings it. */
    public static final class Own implements LayerKind {

        @Override
        public boolean is(Trainable layer) {
            return new Nested().is(layer);
        }

        @Override
        public List<Matrix> matrices() {
            return List.of(Matrix.asItIs("own"));
        }

        private static final class Nested {

            boolean is(Trainable layer) {
                return layer.numParams() < 0;
            }
        }
    }

    @Test
    void theUsersKindsAreOnTheLowrank4jThatRuns() throws IOException {
        copy(Own.class);
        copy(Dense.class);
        Path list = folder.resolve("META-INF/services/" + LayerKind.class.getName());
        Files.createDirectories(list.getParent());
        Files.writeString(
                list, "# of a copy\n" + Dense.class.getName() + "\n" + Own.class.getName() + " # the program's\n");
        Files.writeString(folder.resolve("other.txt"), "seen by the parent alone");
        try (UsersServices users =
                new UsersServices(List.of(folder.toUri().toURL()), UsersServicesTest.class.getClassLoader())) {
            List<LayerKind> own = Services.of(LayerKind.class, users).stream()
                    .filter(kind -> kind.getClass().getClassLoader() == users)
                    .toList();
            assertEquals(1, own.size(), own::toString);
            assertEquals(Own.class.getName(), own.get(0).getClass().getName());
            assertEquals("own", own.get(0).matrices().get(0).parameter());
            assertSame(Dense.class, load(users, Dense.class));
            assertNull(users.getResource("other.txt"));
        }
    }

    private static Class<?> load(ClassLoader loader, Class<?> type) {
        try {
            return Class.forName(type.getName(), false, loader);
        } catch (ClassNotFoundException absent) {
            throw new AssertionError(absent);
        }
    }

    private void copy(Class<?> type) throws IOException {
        String file = type.getName().replace('.', '/') + ".class";
        Path copy = folder.resolve(file);
        Files.createDirectories(copy.getParent());
        URL from = type.getClassLoader().getResource(file);
        try (InputStream in = from.openStream()) {
            Files.copy(in, copy);
        }
    }
}
