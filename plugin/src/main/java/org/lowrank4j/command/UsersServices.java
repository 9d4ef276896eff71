package org.lowrank4j.command;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Enumeration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.gradient.exchange.Exchange;
import org.lowrank4j.gradient.GradientApproximation;
import org.lowrank4j.initialisation.Initialisation;
import org.lowrank4j.kind.LayerKind;
import org.lowrank4j.loss.TrainingLoss;
import org.lowrank4j.update.LowRankUpdate;
import org.lowrank4j.updater.Updater;

/**
 * The methods and kinds of layers that a user's class path has. Those classes alone are loaded here, on the lowrank4j that
 * runs; on their class path they would be on a copy of its own, or on none. All that they work with is what the verbs see.
 */
final class UsersServices extends URLClassLoader {

    static {
        registerAsParallelCapable();
    }

    private static final List<Class<?>> SERVICES = List.of(
            LayerKind.class,
            Initialisation.class,
            GradientApproximation.class,
            LowRankUpdate.class,
            TrainingLoss.class,
            Updater.class,
            Exchange.class);

    private final Set<String> users = new HashSet<>();

    /** @param parent of the verbs */
    UsersServices(List<URL> classPath, ClassLoader parent) {
        super("lowrank4j-services", classPath.toArray(new URL[0]), parent);
        try {
            Set<String> own = new HashSet<>();
            for (Class<?> service : SERVICES) {
                String file = list(service);
                for (URL list : Collections.list(parent.getResources(file))) {
                    own.addAll(names(list));
                }
                for (URL list : Collections.list(findResources(file))) {
                    users.addAll(names(list));
                }
            }
            // Of a copy of lowrank4j on the class path.
            users.removeAll(own);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static List<String> names(URL list) throws IOException {
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(list.openStream(), StandardCharsets.UTF_8))) {
            return reader.lines()
                    .map(line -> line.replaceFirst("#.*", "").strip())
                    .filter(line -> !line.isEmpty())
                    .toList();
        }
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (!isUsers(name)) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> known = findLoadedClass(name);
            return known == null ? findClass(name) : known;
        }
    }

    /** Or is nested in one that is listed. */
    private boolean isUsers(String name) {
        for (int end = name.length(); end > 0; end = name.lastIndexOf('$', end - 1)) {
            if (users.contains(name.substring(0, end))) {
                return true;
            }
        }
        return false;
    }

    /** Nothing else is found twice. */
    @Override
    public Enumeration<URL> findResources(String name) throws IOException {
        return SERVICES.stream().anyMatch(service -> name.equals(list(service)))
                ? super.findResources(name)
                : Collections.emptyEnumeration();
    }

    @Override
    public @Nullable URL findResource(String name) {
        return null;
    }

    private static String list(Class<?> service) {
        return "META-INF/services/" + service.getName();
    }
}
