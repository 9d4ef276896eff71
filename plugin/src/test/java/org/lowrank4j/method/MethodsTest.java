package org.lowrank4j.method;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lowrank4j.LowRankException;
import org.lowrank4j.initialisation.Initialisation;
import org.lowrank4j.initialisation.Start;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.rule.TestMethods;
import org.lowrank4j.update.StartedUpdate;

class MethodsTest {

    /** What a user would write and list in META-INF/services. */
    public static final class UsersInitialisation implements Initialisation {
        @Override
        public String name() {
            return "users-own";
        }

        @Override
        public Factors start(Start start) {
            throw new UnsupportedOperationException("never started here");
        }
    }

    @Test
    void findsTheMethodsOfLowrank4j() {
        Methods methods = Methods.load(null);
        assertEquals("lora", methods.update("lora", "test").name());
        assertEquals("exact", methods.gradient("exact", "test").name());
        assertEquals("kaiming", methods.initialisation("kaiming", "test").name());
    }

    @Test
    void everyMethodDefaultsToAKnownPartner() {
        Methods methods = Methods.load(null);
        methods.gradients()
                .forEach(gradient -> assertEquals(
                        gradient.defaultUpdate(),
                        methods.update(gradient.defaultUpdate(), gradient.name())
                                .name()));
        methods.updates().stream()
                .filter(StartedUpdate.class::isInstance)
                .map(StartedUpdate.class::cast)
                .forEach(update -> assertEquals(
                        update.defaultInitialisation(),
                        methods.initialisation(update.defaultInitialisation(), update.name())
                                .name()));
    }

    @Test
    void findsMethodsThatOnlyTheUsersLoaderSees(@TempDir Path folder) throws IOException {
        try (URLClassLoader users = loaderListing(folder, UsersInitialisation.class.getName())) {
            assertEquals(
                    "users-own",
                    Methods.load(users).initialisation("users-own", "test").name());
            assertFalse(Methods.load(null).initialisations().stream()
                    .anyMatch(method -> method.name().equals("users-own")));
        }
    }

    @Test
    void passesOverALoaderWithItsOwnCopyOfTheInterfaces(@TempDir Path folder) throws IOException {
        listing(folder, "org.example.NoSuchClass");
        URL[] urls = {folder.toUri().toURL()};
        try (URLClassLoader isolated = new URLClassLoader(urls, ClassLoader.getPlatformClassLoader())) {
            assertEquals(
                    Methods.load(null).initialisations().size(),
                    Methods.load(isolated).initialisations().size());
        }
    }

    @Test
    void aBrokenListingIsAnErrorThatNamesIt(@TempDir Path folder) throws IOException {
        try (URLClassLoader users = loaderListing(folder, "org.example.NoSuchClass")) {
            LowRankException refused = assertThrows(LowRankException.class, () -> Methods.load(users));
            assertTrue(refused.getMessage().contains("org.example.NoSuchClass"), refused.getMessage());
            assertTrue(refused.getMessage().contains("no-argument constructor"), refused.getMessage());
        }
    }

    @Test
    void anUnknownNameComesWithTheKnownAndTheNearest() {
        Methods methods = TestMethods.all();
        LowRankException refused =
                assertThrows(LowRankException.class, () -> methods.initialisation("lora-gaa", "annotation on class X"));
        assertEquals(
                "unknown init 'lora-gaa' (annotation on class X). Known: gaussian, kaiming, lora-ga, pissa, sb, xs."
                        + " Did you mean 'lora-ga'?",
                refused.getMessage());
    }

    @Test
    void aNameOfAnotherExtensionPointSaysWhichKeyTakesIt() {
        Methods methods = TestMethods.all();
        LowRankException refused =
                assertThrows(LowRankException.class, () -> methods.initialisation("galore", "agent argument init"));
        assertTrue(refused.getMessage().endsWith("Did you mean gradient=galore?"), refused.getMessage());
        refused = assertThrows(LowRankException.class, () -> methods.update("exact", "agent argument update"));
        assertTrue(refused.getMessage().endsWith("Did you mean gradient=exact?"), refused.getMessage());
        refused = assertThrows(LowRankException.class, () -> methods.gradient("lora", "agent argument gradient"));
        assertTrue(refused.getMessage().endsWith("Did you mean update=lora?"), refused.getMessage());
    }

    @Test
    void twoMethodsOfOneNameAreRefused() {
        Initialisation first = TestMethods.init("same");
        LowRankException refused = assertThrows(
                LowRankException.class,
                () -> new Methods(
                        List.of(first, new UsersInitialisation(), TestMethods.init("same")),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of()));
        assertTrue(refused.getMessage().contains("init 'same'"), refused.getMessage());
    }

    @Test
    void oneNameMayServeTwoExtensionPoints() {
        Methods methods = new Methods(
                List.of(TestMethods.init("both")),
                List.of(),
                List.of(TestMethods.update("both", "both")),
                List.of(),
                List.of(),
                List.of(),
                List.of());
        assertSame(methods.updates().iterator().next(), methods.update("both", "test"));
        assertSame(methods.initialisations().iterator().next(), methods.initialisation("both", "test"));
    }

    @Test
    void listsOptionsUnderTheirMethodsName() {
        assertEquals(
                Set.of("galore.refresh", "galore.scale", "lora-ga.gamma", "pissa.iterations", "switch-lora.interval"),
                TestMethods.all().optionNames());
    }

    private static URLClassLoader loaderListing(Path folder, String className) throws IOException {
        listing(folder, className);
        return new URLClassLoader(new URL[] {folder.toUri().toURL()}, MethodsTest.class.getClassLoader());
    }

    private static void listing(Path folder, String className) throws IOException {
        Path services = Files.createDirectories(folder.resolve("META-INF/services"));
        Files.writeString(services.resolve(Initialisation.class.getName()), className + "\n");
    }
}
