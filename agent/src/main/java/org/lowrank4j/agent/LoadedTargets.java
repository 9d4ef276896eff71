package org.lowrank4j.agent;

import java.io.IOException;
import java.io.InputStream;
import java.lang.instrument.Instrumentation;
import java.lang.instrument.UnmodifiableClassException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Classes that were loaded before the agent could see them: from a JDK 25 AOT cache, or because the agent was attached
 * late. They are woven by retransformation, which is possible because weaving adds no member to a class.
 */
final class LoadedTargets {

    private LoadedTargets() {}

    static void weave(Instrumentation instrumentation, TargetGate gate, Banner banner, boolean late) {
        List<Class<?>> found = new ArrayList<>();
        List<Class<?>> others = new ArrayList<>();
        boolean deeplearning4j = false;
        for (Class<?> loaded : instrumentation.getAllLoadedClasses()) {
            String name = loaded.getName();
            if (loaded.isArray() || loaded.getClassLoader() == null) {
                continue;
            }
            if (name.startsWith("org.deeplearning4j.")) {
                deeplearning4j = true;
                if (gate.isTarget(name.replace('.', '/'))) {
                    found.add(loaded);
                } else {
                    others.add(loaded);
                }
            } else if (gate.isApplicationClass(loaded.getClassLoader(), name.replace('.', '/'))) {
                others.add(loaded);
            }
        }
        if (!deeplearning4j) {
            return;
        }
        if (!instrumentation.isRetransformClassesSupported()) {
            refuse(found, banner);
            return;
        }
        others.stream().filter(LoadedTargets::isWoven).forEach(found::add);
        for (Class<?> target : found) {
            retransform(instrumentation, target, banner);
        }
        if (late && !found.isEmpty()) {
            banner.say("attached late: networks that are initialised from now on are seen, others train as before");
        }
    }

    /** An executable jar that names the agent in its own manifest decides there what the agent may do. */
    private static void refuse(List<Class<?>> found, Banner banner) {
        for (Class<?> target : found) {
            String refusal = "class " + target.getName() + " was loaded before the agent and cannot be adapted: the"
                    + " manifest that names the agent must also say Can-Retransform-Classes: true.";
            if (LoaderState.of(target.getClassLoader()).refusal() == null) {
                LoaderState.of(target.getClassLoader()).refuse(refusal);
                banner.warn(refusal + " The job runs as without lowrank4j.");
            }
        }
    }

    private static void retransform(Instrumentation instrumentation, Class<?> target, Banner banner) {
        try {
            instrumentation.retransformClasses(target);
        } catch (UnmodifiableClassException | LinkageError failure) {
            String problem =
                    "class " + target.getName() + ", which was loaded before the agent, could not be woven: " + failure;
            LoaderState.of(target.getClassLoader()).weavingFailed(problem);
            banner.warn(problem);
        }
    }

    private static boolean isWoven(Class<?> loaded) {
        byte[] classFile = classFile(loaded);
        if (classFile == null) {
            return false;
        }
        ConstantScan constants = new ConstantScan(classFile);
        return constants.mentionsLowRank() || constants.mentionsBackward();
    }

    /** Null for a class that was generated at run time and has no class file. */
    private static byte @Nullable [] classFile(Class<?> loaded) {
        String resource = loaded.getName().replace('.', '/') + ".class";
        try (InputStream stream = loaded.getClassLoader().getResourceAsStream(resource)) {
            return stream == null ? null : stream.readAllBytes();
        } catch (IOException unreadable) {
            return null;
        }
    }
}
