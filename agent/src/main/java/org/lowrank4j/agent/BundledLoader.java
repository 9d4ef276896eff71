package org.lowrank4j.agent;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.function.Predicate;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import org.jspecify.annotations.Nullable;

/**
 * Defines classes from a folder inside the agent's jar, where they lie as {@code .classdata} so that no other loader takes
 * them for classes. The loader's own classes come from the jar first; everything else comes from the parent. Nothing is
 * unpacked to disk.
 */
final class BundledLoader extends ClassLoader {

    static {
        registerAsParallelCapable();
    }

    private static final String WEAVER = "org.lowrank4j.agent.weave.Weaver";

    private final JarFile jar;
    private final String folder;
    private final Predicate<String> own;

    private BundledLoader(String name, Path jar, String folder, @Nullable ClassLoader parent, Predicate<String> own)
            throws IOException {
        super(name, parent);
        this.jar = new JarFile(jar.toFile(), false);
        this.folder = folder;
        this.own = own;
    }

    /** The weaving code with its own Byte Buddy, out of the application's sight. */
    static ClassWeaver openWeaver(Agent agent) {
        Path jar = agent.jar();
        try {
            ClassLoader loader = new BundledLoader(
                    "lowrank4j-weaving", jar, "inst/", BundledLoader.class.getClassLoader(), BundledLoader::isWeaving);
            return (ClassWeaver) loader.loadClass(WEAVER)
                    .getConstructor(Banner.class, String.class, boolean.class)
                    .newInstance(
                            agent.banner(), agent.version(), agent.switches().strict());
        } catch (IOException failure) {
            throw new UncheckedIOException("the agent's jar cannot be read: " + jar, failure);
        } catch (ReflectiveOperationException failure) {
            throw new IllegalStateException("the agent's jar is not complete: " + jar, failure);
        }
    }

    /** The bundled plugin on top of the loader that defines Deeplearning4j, so that both use the same ND4J. */
    static ClassLoader openPlugin(Path jar, ClassLoader deeplearning4j) throws IOException {
        return new BundledLoader("lowrank4j-hooks", jar, "plugin/", deeplearning4j, BundledLoader::isPlugin);
    }

    /** User code is compiled against the annotations: those must be the ones that it sees. */
    private static boolean isPlugin(String name) {
        return name.startsWith("org.lowrank4j.")
                && !name.startsWith("org.lowrank4j.annotation.")
                && !name.startsWith("org.lowrank4j.agent.");
    }

    private static boolean isWeaving(String name) {
        return name.startsWith("org.lowrank4j.agent.weave.") || name.startsWith("org.lowrank4j.agent.shaded.");
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (!own.test(name)) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> known = findLoadedClass(name);
            if (known != null) {
                return known;
            }
            byte[] classFile = read(name.replace('.', '/') + ".classdata");
            return classFile == null
                    ? super.loadClass(name, resolve)
                    : defineClass(name, classFile, 0, classFile.length, BundledLoader.class.getProtectionDomain());
        }
    }

    /** Class files are found under their usual name: templates of the weaver are read this way. */
    @Override
    public @Nullable InputStream getResourceAsStream(String name) {
        byte[] content = isOwnResource(name) ? read(bundledName(name)) : null;
        return content == null ? super.getResourceAsStream(name) : new ByteArrayInputStream(content);
    }

    @Override
    public @Nullable URL getResource(String name) {
        URL bundled = isOwnResource(name) ? findResource(name) : null;
        return bundled == null ? super.getResource(name) : bundled;
    }

    /** Own resources only from the jar: service files of another plugin version must not mix with the bundled ones. */
    @Override
    public Enumeration<URL> getResources(String name) throws IOException {
        URL bundled = isOwnResource(name) ? findResource(name) : null;
        return bundled == null ? super.getResources(name) : Collections.enumeration(List.of(bundled));
    }

    @Override
    protected @Nullable URL findResource(String name) {
        ZipEntry entry = jar.getEntry(folder + bundledName(name));
        if (entry == null) {
            return null;
        }
        try {
            return new URL("jar:" + Path.of(jar.getName()).toUri() + "!/" + entry.getName());
        } catch (MalformedURLException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private boolean isOwnResource(String name) {
        String services = "META-INF/services/";
        return own.test(name.startsWith(services) ? name.substring(services.length()) : name.replace('/', '.'));
    }

    private static String bundledName(String name) {
        return name.endsWith(".class") ? name + "data" : name;
    }

    private byte @Nullable [] read(String name) {
        ZipEntry entry = jar.getEntry(folder + name);
        if (entry == null) {
            return null;
        }
        try (InputStream stream = jar.getInputStream(entry)) {
            return stream.readAllBytes();
        } catch (IOException failure) {
            throw new UncheckedIOException("the agent's jar cannot be read: " + jar.getName(), failure);
        }
    }
}
