package org.lowrank4j.convolution;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;

/** Which engine runs: the one that is asked for, or the one that is there. */
class ConvolutionEnginesTest {

    @AfterEach
    void askForNone() {
        ConvolutionEngines.ask(null, "");
    }

    @Test
    void theOneThatIsAskedFor() {
        ConvolutionEngines.ask("portable", "a test");
        assertInstanceOf(PortableEngine.class, ConvolutionEngines.ofALayer());
        assumeTrue(OneDnnHere.isExpected());
        for (String name : new String[] {null, "onednn"}) {
            ConvolutionEngines.ask(name, "a test");
            ConvolutionEngine engine = ConvolutionEngines.ofALayer();
            assertEquals("oneDNN 2.5.2", engine.name(DataType.FLOAT));
            assertEquals("lowrank4j's own engine", engine.name(DataType.DOUBLE));
        }
    }

    @Test
    void oneDnnIsForFloats() {
        assumeTrue(OneDnnHere.isExpected());
        ConvolutionEngines.ask("onednn", "system property lowrank.convolution");
        ConvolutionEngine engine = ConvolutionEngines.ofALayer();
        assertEquals(engine, ConvolutionEngines.required(engine, DataType.FLOAT));
        LowRankException refused =
                assertThrows(LowRankException.class, () -> ConvolutionEngines.required(engine, DataType.DOUBLE));
        assertTrue(refused.getMessage().contains("floats only"), refused.getMessage());
    }

    @Test
    void withoutOneDnnItIsOurs() throws Exception {
        try (Isolated jvm = new Isolated(name -> !name.contains("dnnl") && !name.contains("opencl"))) {
            assertEquals("PortableEngine", jvm.engine());
            assertEquals("", jvm.said());
            String refusal = jvm.refusal();
            assertTrue(
                    refusal.contains("convolution=onednn (a test) cannot be had: oneDNN is not on the class path"),
                    refusal);
            assertTrue(refusal.contains("org.bytedeco:dnnl:2.5.2-1.5.7"), refusal);
        }
    }

    @Test
    void whereItDoesNotLoadItIsOursAndSaidOnce() throws Exception {
        try (Isolated jvm = new Isolated(name -> !name.contains("linux-x86_64") && !name.contains("opencl"))) {
            assertEquals("PortableEngine", jvm.engine());
            assertEquals("PortableEngine", jvm.engine());
            String said = jvm.said();
            assertTrue(
                    said.contains("oneDNN does not load (java.lang.ClassNotFoundException: org.bytedeco.opencl"), said);
            assertTrue(said.contains("Put org.bytedeco:dnnl:2.5.2-1.5.7 and org.bytedeco:opencl:3.0-1.5.7"), said);
            assertEquals(1, said.lines().count(), said);
            assertTrue(jvm.refusal().contains("oneDNN does not load ("));
        }
    }

    /** The class under test with some of the class path of this JVM. */
    private static final class Isolated implements AutoCloseable {

        private final URLClassLoader loader;
        private final ByteArrayOutputStream said = new ByteArrayOutputStream();

        Isolated(Predicate<String> jar) throws IOException {
            List<URL> urls = new ArrayList<>();
            for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
                if (jar.test(new File(entry).getName())) {
                    urls.add(new File(entry).toURI().toURL());
                }
            }
            loader = new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
        }

        String engine() throws ReflectiveOperationException {
            PrintStream err = System.err;
            System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
            try {
                return call("ofALayer").getClass().getSimpleName();
            } finally {
                System.setErr(err);
            }
        }

        String refusal() throws ReflectiveOperationException {
            loader.loadClass(ConvolutionEngines.class.getName())
                    .getMethod("ask", String.class, String.class)
                    .invoke(null, "onednn", "a test");
            InvocationTargetException thrown = assertThrows(InvocationTargetException.class, () -> call("ofALayer"));
            return String.valueOf(thrown.getCause().getMessage());
        }

        private @Nullable Object call(String method) throws ReflectiveOperationException {
            return loader.loadClass(ConvolutionEngines.class.getName())
                    .getMethod(method)
                    .invoke(null);
        }

        String said() {
            return said.toString(StandardCharsets.UTF_8);
        }

        @Override
        public void close() throws IOException {
            loader.close();
        }
    }
}
