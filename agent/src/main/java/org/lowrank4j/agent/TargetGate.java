package org.lowrank4j.agent;

import java.lang.instrument.ClassFileTransformer;
import java.security.ProtectionDomain;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Sees every class that is loaded and lets some pass to the weaver: the Deeplearning4j classes of the catalogue, those that
 * can be layers, and application classes that mention {@code @LowRank} or are nested with one whose fields do. For any other
 * class it answers null without loading anything.
 */
final class TargetGate implements ClassFileTransformer {

    private static final String DEEPLEARNING4J = "org/deeplearning4j/";
    private static final String SAMEDIFF = "org/nd4j/autodiff/samediff/";

    private final Agent agent;
    private final @Nullable ClassLoader platform = ClassLoader.getPlatformClassLoader();
    private @Nullable ClassWeaver weaver;
    private @Nullable Set<String> targets;

    /** Set once the weaver could not be opened: one warning is enough. */
    private volatile boolean closed;

    TargetGate(Agent agent) {
        this.agent = agent;
    }

    /** For tests: a gate in front of a weaver that is already there. */
    TargetGate(Agent agent, ClassWeaver weaver) {
        this.agent = agent;
        this.weaver = weaver;
    }

    @Override
    public byte @Nullable [] transform(
            @Nullable ClassLoader loader,
            @Nullable String name,
            @Nullable Class<?> redefined,
            @Nullable ProtectionDomain domain,
            byte[] classFile) {
        if (name == null || closed) {
            return null;
        }
        try {
            if (name.startsWith(DEEPLEARNING4J)) {
                return isTarget(name) || new ConstantScan(classFile).mentionsBackward()
                        ? weaver().weaveTarget(loader, name, classFile)
                        : null;
            }
            if (name.startsWith(SAMEDIFF)) {
                return isTarget(name) ? weaver().weaveTarget(loader, name, classFile) : null;
            }
            return loader != null && isApplicationClass(loader, name) ? weave(loader, name, classFile) : null;
        } catch (Throwable failure) {
            // The JVM swallows what a transformer throws: it must be said here.
            String problem = "class " + name.replace('/', '.') + " could not be woven: " + failure;
            LoaderState.of(loader).weavingFailed(problem);
            agent.banner().warn(problem);
            closed = !isOpen();
            return null;
        }
    }

    private byte @Nullable [] weave(ClassLoader loader, String name, byte[] classFile) {
        ConstantScan constants = new ConstantScan(classFile);
        boolean fields = constants.mentionsLowRank() || LoaderState.isNestedWithFields(loader, name);
        byte[] woven = fields ? weaver().weaveFields(loader, name, classFile) : null;
        if (!constants.mentionsBackward()) {
            return woven;
        }
        byte[] layer = weaver().weaveLayer(loader, name, woven == null ? classFile : woven);
        return layer == null ? woven : layer;
    }

    private synchronized boolean isOpen() {
        return weaver != null;
    }

    /** Whether the catalogue has this Deeplearning4j class; internal name. */
    boolean isTarget(String name) {
        return targets().contains(name);
    }

    /** Whether a class can be a user's: not the JDK's, Deeplearning4j's, ND4J's, JavaCPP's or the agent's. */
    boolean isApplicationClass(ClassLoader loader, String name) {
        return loader != platform
                && !name.startsWith("java/")
                && !name.startsWith("javax/")
                && !name.startsWith("jdk/")
                && !name.startsWith("sun/")
                && !name.startsWith("com/sun/")
                && !name.startsWith(DEEPLEARNING4J)
                && !name.startsWith("org/nd4j/")
                && !name.startsWith("org/bytedeco/")
                && !name.startsWith("org/lowrank4j/agent/");
    }

    private synchronized Set<String> targets() {
        if (targets == null) {
            targets = weaver().targets();
        }
        return targets;
    }

    private synchronized ClassWeaver weaver() {
        if (weaver == null) {
            weaver = BundledLoader.openWeaver(agent);
        }
        return weaver;
    }
}
