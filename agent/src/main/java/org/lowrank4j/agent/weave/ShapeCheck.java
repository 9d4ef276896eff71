package org.lowrank4j.agent.weave;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.bytebuddy.utility.OpenedClassReader;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.FieldVisitor;
import org.objectweb.asm.MethodVisitor;

/**
 * Whether a Deeplearning4j has every class, method and field of the catalogue. Reads class files as resources and loads no
 * class, because it runs while one of them is being loaded.
 */
final class ShapeCheck {

    private static final String POM_PROPERTIES = "META-INF/maven/org.deeplearning4j/deeplearning4j-nn/pom.properties";
    private static final Pattern JAR_NAME = Pattern.compile("deeplearning4j-nn-(\\d[^/!]*)\\.jar");

    private final ClassLoader loader;
    private final Map<String, @Nullable Set<String>> members = new HashMap<>();

    ShapeCheck(ClassLoader loader) {
        this.loader = loader;
    }

    /** The same check for a class whose bytes are at hand: another agent may have changed them. */
    ShapeCheck with(String name, byte[] classFile) {
        members.put(name, members(classFile));
        return this;
    }

    /**
     * The first member that is missing, as a user would write it; null if the shape is as expected.
     *
     * @throws IOException if a class file cannot be read
     */
    @Nullable String missing(List<Hook> hooks) throws IOException {
        for (Hook hook : hooks) {
            Set<String> owner = membersOf(hook.owner());
            if (owner == null) {
                return "class " + hook.owner().replace('/', '.');
            }
            if (!owner.contains(hook.method() + hook.descriptor())) {
                return "method " + hook.member();
            }
            for (Value value : hook.values()) {
                if (value instanceof Value.Field field && !has(field)) {
                    return "field " + field.owner().replace('/', '.') + "." + field.name() + " of type "
                            + field.descriptor();
                }
            }
        }
        return null;
    }

    /** The release as its jar names it, or "of unknown version". */
    String version() {
        try (InputStream stream = loader.getResourceAsStream(POM_PROPERTIES)) {
            if (stream != null) {
                Properties properties = new Properties();
                properties.load(stream);
                String version = properties.getProperty("version");
                if (version != null) {
                    return version;
                }
            }
        } catch (IOException | IllegalArgumentException unreadable) {
            return versionInJarName();
        }
        return versionInJarName();
    }

    private String versionInJarName() {
        URL location = loader.getResource("org/deeplearning4j/nn/multilayer/MultiLayerNetwork.class");
        Matcher matcher = JAR_NAME.matcher(String.valueOf(location));
        return matcher.find() ? matcher.group(1) : "of unknown version";
    }

    private boolean has(Value.Field field) throws IOException {
        Set<String> owner = membersOf(field.owner());
        return owner != null && owner.contains(field.name() + " " + field.descriptor());
    }

    private @Nullable Set<String> membersOf(String name) throws IOException {
        if (!members.containsKey(name)) {
            try (InputStream stream = loader.getResourceAsStream(name + ".class")) {
                members.put(name, stream == null ? null : members(stream.readAllBytes()));
            }
        }
        return members.get(name);
    }

    /** Methods as {@code name(types)type}, fields as {@code name type}. */
    private static Set<String> members(byte[] classFile) {
        Set<String> found = new HashSet<>();
        ClassVisitor collector = new ClassVisitor(OpenedClassReader.ASM_API) {
            @Override
            public @Nullable MethodVisitor visitMethod(
                    int access,
                    String name,
                    String descriptor,
                    @Nullable String signature,
                    String @Nullable [] exceptions) {
                found.add(name + descriptor);
                return null;
            }

            @Override
            public @Nullable FieldVisitor visitField(
                    int access, String name, String descriptor, @Nullable String signature, @Nullable Object value) {
                found.add(name + " " + descriptor);
                return null;
            }
        };
        OpenedClassReader.of(classFile)
                .accept(collector, ClassReader.SKIP_CODE | ClassReader.SKIP_DEBUG | ClassReader.SKIP_FRAMES);
        return found;
    }
}
