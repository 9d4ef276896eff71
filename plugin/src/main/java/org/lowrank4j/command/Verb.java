package org.lowrank4j.command;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.command.work.Progress;
import org.lowrank4j.command.work.Result;
import org.lowrank4j.command.work.WrongUse;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What all verbs share: how they find Deeplearning4j, print their result and explain what went wrong. */
abstract class Verb implements Callable<Integer> {

    static final String JSON = "--json";

    private final Host host;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Mixin
    private final ClassPathOptions classPath = new ClassPathOptions();

    @Option(names = JSON, description = "Print the result as one JSON object.")
    private boolean json;

    @Option(
            names = {"-q", "--quiet"},
            description = "Do not tell what is being done.")
    private boolean quiet;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Print this help.")
    private boolean help;

    Verb(Host host) {
        this.host = host;
    }

    /** Does what the verb says, with Deeplearning4j on the class path. */
    abstract Result work(Progress progress) throws IOException;

    /** Refuses a command line that cannot be meant, before anything is loaded. */
    void check() {}

    /** Whether the verb can say something useful without Deeplearning4j. */
    boolean needsDeeplearning4j() {
        return true;
    }

    final Host host() {
        return host;
    }

    final ClassPathOptions classPath() {
        return classPath;
    }

    @Override
    public final Integer call() {
        Progress progress = new Progress(host.err(), quiet);
        try {
            check();
            if (needsDeeplearning4j()) {
                classPath.find(host.classPath(), progress);
            }
            Result result = work(progress);
            print(result);
            return result.fine() ? Commands.FINE : Commands.PROBLEM;
        } catch (WrongUse wrong) {
            throw new ParameterException(spec.commandLine(), String.valueOf(wrong.getMessage()), wrong);
        } catch (LowRankException refused) {
            return failed(String.valueOf(refused.getMessage()));
        } catch (FileSystemException noFile) {
            String reason = noFile.getReason();
            return failed(noFile.getFile() + ": "
                    + (reason == null ? noFile.getClass().getSimpleName() : reason));
        } catch (IOException unreadable) {
            return failed(unreadable.getMessage() == null ? unreadable.toString() : unreadable.getMessage());
        } catch (OutOfMemoryError tooLarge) {
            return failed("there is not enough memory (" + tooLarge.getMessage() + "). Give the JVM more with -Xmx, and"
                    + " ND4J with -Dorg.bytedeco.javacpp.maxbytes, before -jar.");
        } catch (StackOverflowError tooDeep) {
            return failed(
                    "what was read is nested too deeply for the stack. Give the JVM more with -Xss, before -jar.");
        } catch (RuntimeException | Error unexpected) {
            // A defect, here or in a library: the trace is what a report of it needs.
            unexpected.printStackTrace(host.err());
            return failed("unexpected: " + unexpected);
        }
    }

    private void print(Result result) {
        if (json) {
            Map<String, Object> all = new LinkedHashMap<>();
            all.put("verb", spec.name());
            all.put("status", result.fine() ? Commands.FINE : Commands.PROBLEM);
            all.putAll(result.values());
            host.out().println(Json.text(all));
        } else {
            result.lines().forEach(host.out()::println);
        }
    }

    private int failed(String message) {
        if (json) {
            host.out().println(Commands.failure(spec.name(), Commands.PROBLEM, message));
        }
        host.err().println("lowrank4j: " + message);
        return Commands.PROBLEM;
    }
}
