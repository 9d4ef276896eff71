package org.lowrank4j.agent;

import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * What {@code java -jar lowrank4j-agent.jar} does: it runs the command line, which is in a jar of its own inside this one
 * and works with the Deeplearning4j of the user's choice. Nothing of that is loaded when this jar runs as an agent.
 */
public final class Main {

    private static final int PROBLEM = 1;
    private static final String INSTRUMENTATION = "java.instrument";
    private static final String COMMANDS = "org.lowrank4j.command.Commands";

    private Main() {}

    /** Runs the command line and ends the JVM with its status. */
    public static void main(String[] arguments) {
        System.exit(run(arguments, System.out, System.err));
    }

    static int run(String[] arguments, PrintStream out, PrintStream err) {
        return lacks(ModuleLayer.boot(), err) ? PROBLEM : runCommand(arguments, out, err);
    }

    /** Asked before a class of the agent is loaded: a Java made by jlink has the modules that it was made with, and no more. */
    static boolean lacks(ModuleLayer modules, PrintStream err) {
        if (modules.findModule(INSTRUMENTATION).isPresent()) {
            return false;
        }
        err.println("lowrank4j: this Java (" + System.getProperty("java.home") + ") has no module " + INSTRUMENTATION
                + ", without which there are no agents. Make it with jlink --add-modules " + INSTRUMENTATION
                + " beside the modules that it has, or run another Java.");
        return true;
    }

    private static int runCommand(String[] arguments, PrintStream out, PrintStream err) {
        try (LateClassPath classPath = new LateClassPath(Main.class.getClassLoader())) {
            Path jar = Agent.thisJar();
            ClassLoader plugin = BundledLoader.openPlugin(jar, classPath);
            Predicate<PrintStream> hooksFit = stream -> hooksFit(jar, classPath, stream);
            Consumer<URL> add = classPath::add;
            return (int) BundledLoader.openCommands(jar, plugin)
                    .loadClass(COMMANDS)
                    .getMethod(
                            "run",
                            String[].class,
                            PrintStream.class,
                            PrintStream.class,
                            String.class,
                            Consumer.class,
                            Predicate.class)
                    .invoke(null, arguments, out, err, Agent.versionOfThisJar(), add, hooksFit);
        } catch (InvocationTargetException failure) {
            throw new IllegalStateException("the command line failed", failure.getCause());
        } catch (IOException | URISyntaxException | ReflectiveOperationException incomplete) {
            err.println("lowrank4j: the agent's jar is not complete: " + incomplete);
            return PROBLEM;
        }
    }

    /** Says whether the hooks fit the Deeplearning4j that a loader finds. Loads none of its classes. */
    private static boolean hooksFit(Path jar, ClassLoader loader, PrintStream stream) {
        AgentOptions none = AgentOptions.parse(null);
        Switches defaults = new Switches(none, new Properties(), Map.of());
        Agent agent = new Agent(none, defaults, new Banner(stream, false), Agent.versionOfThisJar(), jar);
        return BundledLoader.openWeaver(agent).fits(loader);
    }
}
