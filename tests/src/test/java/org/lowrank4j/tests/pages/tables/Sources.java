package org.lowrank4j.tests.pages.tables;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.lowrank4j.method.Method;
import org.lowrank4j.method.Methods;

/** The plugin's methods and what their sources say of them. Methods of tests, which are found as users' are, stay out. */
final class Sources {

    private final Path folder;
    private final Methods methods = Methods.load();
    private final Map<String, String> names = new TreeMap<>();

    /** @param folder with the packages of the plugin */
    Sources(Path folder) {
        this.folder = folder;
        Stream.of(methods.initialisations(), methods.gradients(), methods.updates(), methods.losses())
                .flatMap(kind -> kind.stream())
                .forEach(method -> names.put(method.getClass().getSimpleName(), method.name()));
    }

    Methods methods() {
        return methods;
    }

    boolean has(Method method) {
        return Files.exists(file(method.getClass()));
    }

    /** What a class of the plugin says of itself. */
    Javadoc of(Class<?> type) {
        return new Javadoc(file(type), name -> names.getOrDefault(name, name));
    }

    private Path file(Class<?> type) {
        return folder.resolve(type.getName().replace('.', '/') + ".java");
    }
}
