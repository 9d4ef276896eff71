package org.lowrank4j.agent;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Defines classes from a jar inside the agent's jar, where no other loader finds them. The loader's own classes come from
 * there first; everything else comes from the parent.
 */
final class BundledLoader extends ClassLoader {

    static {
        registerAsParallelCapable();
    }

    private static final String WEAVER = "org.lowrank4j.agent.weave.Weaver";
    private static final String SERVICES = "META-INF/services/";

    private final NestedJar jar;
    private final Predicate<String> own;

    private BundledLoader(String name, NestedJar jar, @Nullable ClassLoader parent, Predicate<String> own) {
        super(name, parent);
        this.jar = jar;
        this.own = own;
    }

    /** The weaving code with its own Byte Buddy, out of the application's sight. */
    static ClassWeaver openWeaver(Agent agent) {
        Path jar = agent.jar();
        try {
            ClassLoader loader = new BundledLoader(
                    "lowrank4j-weaving",
                    NestedJar.open(jar, "inst/weaving.jar"),
                    BundledLoader.class.getClassLoader(),
                    BundledLoader::isWeaving);
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
        return new BundledLoader(
                "lowrank4j-hooks", NestedJar.open(jar, "inst/plugin.jar"), deeplearning4j, BundledLoader::isPlugin);
    }

    /** The command line, which works with the plugin. */
    static ClassLoader openCommands(Path jar, ClassLoader plugin) throws IOException {
        return new BundledLoader(
                "lowrank4j-command",
                NestedJar.open(jar, "inst/command.jar"),
                plugin,
                name -> name.startsWith("org.lowrank4j.command."));
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
            byte[] classFile = jar.read(name.replace('.', '/') + ".class");
            return classFile == null
                    ? super.loadClass(name, resolve)
                    : defineClass(name, classFile, 0, classFile.length, BundledLoader.class.getProtectionDomain());
        }
    }

    @Override
    public @Nullable InputStream getResourceAsStream(String name) {
        byte[] content = isOwnResource(name) ? jar.read(name) : null;
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
        try {
            return jar.url(name);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    private boolean isOwnResource(String name) {
        return own.test(name.startsWith(SERVICES) ? name.substring(SERVICES.length()) : name.replace('/', '.'));
    }
}
