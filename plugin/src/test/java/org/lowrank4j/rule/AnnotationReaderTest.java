package org.lowrank4j.rule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.lowrank4j.LowRankException;
import org.lowrank4j.annotation.LowRank;

class AnnotationReaderTest {

    @LowRank(
            rank = 4,
            seed = 0,
            options = {"galore.refresh=5", "galore.scale=0.5"})
    @LowRank.Layer(
            layers = {"a", "b"},
            alpha = 2)
    @LowRank.Layer(layers = "c", rank = 1, options = "galore.refresh=6")
    private static final class Annotated {}

    @LowRank(options = "refresh")
    private static final class BadOption {}

    /** Loads the annotation and the annotated class a second time. */
    private static final class SecondCopy extends ClassLoader {
        SecondCopy() {
            super(AnnotationReaderTest.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            boolean copied =
                    name.startsWith(LowRank.class.getName()) || name.startsWith(AnnotationReaderTest.class.getName());
            if (!copied) {
                return super.loadClass(name, resolve);
            }
            Class<?> loaded = findLoadedClass(name);
            return loaded != null ? loaded : define(name);
        }

        private Class<?> define(String name) throws ClassNotFoundException {
            try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
                byte[] bytes = in.readAllBytes();
                return defineClass(name, bytes, 0, bytes.length);
            } catch (IOException unreadable) {
                throw new ClassNotFoundException(name, unreadable);
            }
        }
    }

    @Test
    void onlyWhatDiffersFromTheDefaultIsSet() {
        Settings settings = AnnotationReader.read(Annotated.class, "class X").orElseThrow();
        assertEquals(
                Map.of(
                        Key.RANK, new Sourced("4", "annotation on class X"),
                        Key.SEED, new Sourced("0", "annotation on class X")),
                settings.values());
        assertEquals(Map.of("galore.refresh", "5", "galore.scale", "0.5"), Rule.texts(settings.options()));
    }

    @Test
    void overridesKeepTheirOrder() {
        Settings settings = AnnotationReader.read(Annotated.class, "class X").orElseThrow();
        assertEquals(2, settings.overrides().size());
        LayerOverride first = settings.overrides().get(0);
        assertEquals("a,b", first.layers().text());
        assertEquals(Map.of(Key.ALPHA, new Sourced("2.0", "annotation on class X")), first.values());
        assertEquals(
                Map.of("galore.refresh", "6"),
                Rule.texts(settings.overrides().get(1).options()));
    }

    @Test
    void aCopyOfTheAnnotationInAnotherLoaderIsReadAlike() throws ClassNotFoundException {
        Class<?> copy = new SecondCopy().loadClass(Annotated.class.getName());
        assertNotSame(Annotated.class, copy);
        assertEquals(0, copy.getAnnotationsByType(LowRank.class).length);
        Settings read = AnnotationReader.read(copy, "class X").orElseThrow();
        Settings original = AnnotationReader.read(Annotated.class, "class X").orElseThrow();
        assertEquals(original.values(), read.values());
        assertEquals(original.options(), read.options());
        assertEquals(original.overrides(), read.overrides());
    }

    @Test
    void codeWithoutAnnotationSaysNothing() {
        assertEquals(Optional.empty(), AnnotationReader.read(AnnotationReaderTest.class, "class X"));
    }

    @Test
    void aMalformedOptionIsAnErrorWithItsPlace() {
        String message = assertThrows(
                        LowRankException.class, () -> AnnotationReader.read(BadOption.class, "class a.b.C"))
                .getMessage();
        assertTrue(message.startsWith("option 'refresh' (annotation on class a.b.C) is refused"), message);
    }
}
