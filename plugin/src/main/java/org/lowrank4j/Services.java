package org.lowrank4j;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/** What lowrank4j and its users bring for an interface, found alike through {@link ServiceLoader}. */
public final class Services {

    private Services() {}

    /**
     * All that the loader of lowrank4j and one more loader can see: those of the former first, each in the order in which it
     * is listed.
     *
     * @param users where the user's are, or null
     * @throws LowRankException if one cannot be made
     */
    public static <S> Collection<S> of(Class<S> service, @Nullable ClassLoader users) {
        ClassLoader own = Services.class.getClassLoader();
        Map<String, S> found = new LinkedHashMap<>();
        addAll(service, own, found);
        if (users != null && users != own && sees(users, service)) {
            addAll(service, users, found);
        }
        return found.values();
    }

    /** A loader with a copy of its own of lowrank4j offers what is not ours; it is passed over. */
    private static boolean sees(ClassLoader loader, Class<?> service) {
        try {
            return Class.forName(service.getName(), false, loader) == service;
        } catch (ClassNotFoundException itHasNoSuchService) {
            return false;
        }
    }

    /** Two loaders often show the same class, so they are kept by class name. */
    private static <S> void addAll(Class<S> service, ClassLoader loader, Map<String, S> found) {
        try {
            for (S one : ServiceLoader.load(service, loader)) {
                found.putIfAbsent(one.getClass().getName(), one);
            }
        } catch (ServiceConfigurationError broken) {
            throw new LowRankException(
                    "A class listed in META-INF/services/" + service.getName() + " cannot be used: "
                            + broken.getMessage()
                            + ". It needs a public class that implements the interface and a public no-argument"
                            + " constructor.",
                    broken);
        }
    }
}
