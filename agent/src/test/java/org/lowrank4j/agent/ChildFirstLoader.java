package org.lowrank4j.agent;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** Stands in for the loader that defines Deeplearning4j: it defines the classes it is given, and the hooks, itself. */
public final class ChildFirstLoader extends ClassLoader {

    private final Map<String, byte[]> classFiles = new HashMap<>();
    private final Map<String, byte[]> resources = new HashMap<>();

    public ChildFirstLoader() {
        super(ChildFirstLoader.class.getClassLoader());
    }

    /** A class to define instead of the parent's. */
    public ChildFirstLoader with(String name, byte[] classFile) {
        classFiles.put(name, classFile);
        return this;
    }

    public ChildFirstLoader with(Class<?> type) {
        return with(type.getName(), classFile(type.getName()));
    }

    /** A lowrank4j-plugin of this version; null for none. */
    public ChildFirstLoader withPlugin(String version) {
        resources.put(
                "org/lowrank4j/version.properties",
                version == null ? null : ("version=" + version).getBytes(StandardCharsets.ISO_8859_1));
        return with("org.lowrank4j.hook.Activation", classFile("org.lowrank4j.hook.Activation"))
                .with("org.lowrank4j.hook.SampleHooks", classFile("org.lowrank4j.hook.SampleHooks"))
                .with("org.lowrank4j.hook.FieldHooks", classFile("org.lowrank4j.hook.FieldHooks"));
    }

    /** The class file of a class on the class path. */
    public static byte[] classFile(String name) {
        String resource = name.replace('.', '/') + ".class";
        try (InputStream stream = ChildFirstLoader.class.getClassLoader().getResourceAsStream(resource)) {
            if (stream == null) {
                throw new IllegalArgumentException("no class file of " + name);
            }
            return stream.readAllBytes();
        } catch (IOException failure) {
            throw new IllegalStateException(failure);
        }
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        synchronized (getClassLoadingLock(name)) {
            byte[] classFile = classFiles.get(name);
            if (classFile == null) {
                return super.loadClass(name, resolve);
            }
            Class<?> known = findLoadedClass(name);
            return known == null ? defineClass(name, classFile, 0, classFile.length) : known;
        }
    }

    @Override
    public InputStream getResourceAsStream(String name) {
        if (resources.containsKey(name)) {
            byte[] content = resources.get(name);
            return content == null ? null : new ByteArrayInputStream(content);
        }
        return super.getResourceAsStream(name);
    }
}
