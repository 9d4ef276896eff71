package org.lowrank4j.tests.pages.tables;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.lowrank4j.compression.Compression;
import org.lowrank4j.registry.Methods;

/** What the plugin's sources say of its classes. Services of tests, which are found as users' are, have no source there. */
final class Sources {

    private final Path folder;
    private final Methods methods = Methods.load();
    private final Map<String, String> names = new TreeMap<>();

    /** @param folder with the packages of the plugin */
    Sources(Path folder) {
        this.folder = folder;
        Stream.of(
                        methods.initialisations(),
                        methods.gradients(),
                        methods.updates(),
                        methods.losses(),
                        methods.updaters(),
                        methods.averages(),
                        methods.exchanges(),
                        Compression.methods().values())
                .flatMap(kind -> kind.stream())
                .forEach(method -> call(method.getClass(), method.name()));
    }

    Methods methods() {
        return methods;
    }

    /** Whether a method or kind of layer is one of the plugin's. */
    boolean has(Object service) {
        return Files.exists(file(service.getClass()));
    }

    /** Pages call a class by this name where the comment of another links to it. */
    void call(Class<?> type, String name) {
        names.put(type.getSimpleName(), name);
    }

    /** What a class of the plugin says of itself. */
    Javadoc of(Class<?> type) {
        return new Javadoc(file(type), name -> names.getOrDefault(name, name));
    }

    private Path file(Class<?> type) {
        return folder.resolve(type.getName().replace('.', '/') + ".java");
    }
}
