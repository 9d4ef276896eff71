package org.lowrank4j.agent.weave;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Set;
import net.bytebuddy.utility.OpenedClassReader;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.agent.Banner;
import org.lowrank4j.agent.ClassWeaver;
import org.lowrank4j.agent.HookLinker;
import org.lowrank4j.agent.LoaderState;

/**
 * Weaves a Deeplearning4j if all of the catalogue that every network needs fits it, and nothing of it otherwise. With {@code strict=true} what does
 * fit is woven even so: its hooks throw, which stops the job at the first use of a network.
 */
public final class Weaver implements ClassWeaver {

    private static final String NETWORK = "org/deeplearning4j/nn/multilayer/MultiLayerNetwork.class";

    private final Banner banner;
    private final String agentVersion;
    private final boolean strict;
    private @Nullable FieldWeaver fieldWeaver;

    /** Called reflectively by the agent, once. */
    public Weaver(Banner banner, String agentVersion, boolean strict) {
        this.banner = banner;
        this.agentVersion = agentVersion;
        this.strict = strict;
        acceptNewerJava();
    }

    @Override
    public Set<String> targets() {
        return TargetCatalog.owners();
    }

    @Override
    public byte @Nullable [] weaveTarget(@Nullable ClassLoader loader, String name, byte[] classFile) {
        if (loader != null && TargetCatalog.isGraph(name) && loader.getResource(NETWORK) == null) {
            banner.detail(
                    "class " + name.replace('/', '.') + " is left as it is: there is no Deeplearning4j beside it");
            return null;
        }
        LoaderState state = LoaderState.of(loader);
        state.checkOnce(() -> check(loader, name, classFile, state));
        if (loader == null || state.refusal() != null && !strict) {
            return null;
        }
        if (TargetCatalog.isSeldom(name)) {
            requireShape(loader, name, classFile);
        }
        byte[] woven = TargetWeaver.weave(classFile, TargetCatalog.hooksOf(name));
        if (woven != null) {
            banner.detail("class " + name.replace('/', '.') + " is woven");
        }
        return woven;
    }

    /** Such a class is looked at when it is loaded: most jobs have few of them, and each look takes time. */
    private static void requireShape(ClassLoader loader, String name, byte[] classFile) {
        List<Hook> own = TargetCatalog.hooks().stream()
                .filter(hook -> hook.owner().equals(name))
                .toList();
        try {
            String missing = new ShapeCheck(loader).with(name, classFile).missing(own);
            if (missing != null) {
                throw new IllegalStateException(
                        "it has no " + missing + ", and this agent is made for " + TargetCatalog.VERSION);
            }
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    @Override
    public byte @Nullable [] weaveLayer(ClassLoader loader, String name, byte[] classFile) {
        byte[] woven = TargetWeaver.weave(classFile, TargetCatalog.layerHooks());
        if (woven == null) {
            return null;
        }
        if (!seesLinker(loader)) {
            banner.warn("the layer " + name.replace('/', '.') + " cannot be adapted: its class loader, " + loader
                    + ", must delegate org.lowrank4j.agent to the system class loader.");
            return null;
        }
        banner.detail("class " + name.replace('/', '.') + " is woven: it can be a layer");
        return woven;
    }

    @Override
    public byte @Nullable [] weaveFields(ClassLoader loader, String name, byte[] classFile) {
        byte[] woven = fieldWeaver().weave(classFile, LoaderState.of(loader));
        if (woven == null) {
            return null;
        }
        if (!seesLinker(loader)) {
            banner.warn("the fields with @LowRank in " + name.replace('/', '.') + " are not seen: its class loader, "
                    + loader + ", must delegate org.lowrank4j.agent to the system class loader.");
            return null;
        }
        banner.detail("class " + name.replace('/', '.') + " is woven: it stores to fields with @LowRank");
        return woven;
    }

    @Override
    public boolean fits(ClassLoader loader) {
        String refusal = refusal(loader, new ShapeCheck(loader));
        if (refusal != null) {
            banner.warn(refusal);
        }
        return refusal == null;
    }

    /** Decides once per Deeplearning4j, at its first class, and tells the user. */
    private void check(@Nullable ClassLoader loader, String name, byte[] classFile, LoaderState state) {
        if (state.refusal() != null) {
            return;
        }
        String refusal = loader == null
                ? "Deeplearning4j is on the boot class path, where it cannot be adapted."
                : refusal(loader, new ShapeCheck(loader).with(name, classFile));
        if (refusal != null) {
            state.refuse(refusal);
            banner.warn(refusal + (strict ? " strict=true stops the job." : " The job runs as without lowrank4j."));
        }
    }

    /** Why the hooks cannot be put into this Deeplearning4j; null, and a line for the user, if they can. */
    private @Nullable String refusal(ClassLoader loader, ShapeCheck shape) {
        if (!seesLinker(loader)) {
            return "the class loader of Deeplearning4j, " + loader
                    + ", hides the agent's classes: it must delegate org.lowrank4j.agent to the system class loader.";
        }
        String version = shape.version();
        try {
            String missing = shape.missing(TargetCatalog.commonHooks());
            missing = missing == null ? shape.missing(TargetCatalog.layerHooks()) : missing;
            if (missing == null) {
                banner.say("agent " + agentVersion + " adapts Deeplearning4j " + version + " ("
                        + TargetCatalog.hooks().size() + " hooks in "
                        + TargetCatalog.owners().size() + " classes, "
                        + TargetCatalog.layerHooks().size() + " in every layer)");
                return null;
            }
            return "Deeplearning4j " + version + " has no " + missing + ": this agent is made for "
                    + TargetCatalog.VERSION + ".";
        } catch (IOException unreadable) {
            return "the class files of Deeplearning4j cannot be read (" + unreadable + ").";
        }
    }

    /** Woven code could not be linked where the agent is not visible. */
    private static boolean seesLinker(ClassLoader loader) {
        try {
            return Class.forName(HookLinker.class.getName(), false, loader) == HookLinker.class;
        } catch (ClassNotFoundException | LinkageError hidden) {
            return false;
        }
    }

    private synchronized FieldWeaver fieldWeaver() {
        if (fieldWeaver == null) {
            fieldWeaver = new FieldWeaver();
        }
        return fieldWeaver;
    }

    /**
     * Lets Byte Buddy read class files of a Java version that is newer than itself. The property's name is relocated with
     * Byte Buddy, so the application's own Byte Buddy does not see it.
     */
    private static void acceptNewerJava() {
        if (System.getProperty(OpenedClassReader.EXPERIMENTAL_PROPERTY) == null) {
            System.setProperty(OpenedClassReader.EXPERIMENTAL_PROPERTY, "true");
        }
    }
}
