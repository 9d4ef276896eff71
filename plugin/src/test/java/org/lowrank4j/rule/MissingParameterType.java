package org.lowrank4j.rule;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Constructor;
import java.util.concurrent.Callable;

/**
 * A loader that lacks one of the classes that its class {@link CallerOfGone} mentions in a signature, as happens with
 * optional dependencies.
 */
final class MissingParameterType extends ClassLoader {

    MissingParameterType() {
        super(MissingParameterType.class.getClassLoader());
    }

    /** Creates a network in the class whose methods cannot be listed. */
    Creation createInIt() throws Exception {
        Class<?> caller = loadClass(CallerOfGone.class.getName());
        Constructor<?> constructor = caller.getDeclaredConstructor();
        constructor.setAccessible(true);
        return (Creation) ((Callable<?>) constructor.newInstance()).call();
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (name.equals(Gone.class.getName())) {
            throw new ClassNotFoundException(name);
        }
        if (!name.equals(CallerOfGone.class.getName())) {
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
