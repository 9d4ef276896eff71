package org.lowrank4j.command;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lowrank4j.command.work.InputFiles;
import org.lowrank4j.command.work.Planning;
import org.lowrank4j.command.work.Progress;
import org.lowrank4j.command.work.Result;
import org.lowrank4j.command.work.WrongUse;
import org.lowrank4j.method.Excerpt;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
        name = "plan",
        sortOptions = false,
        header = "Shows what a rule would do to a model, without training it.",
        description =
                "Prints the role of every layer with the reason, ranks, trainable parameters, memory, and warnings.",
        footer = {
            "",
            "Rules come from the same places as in training: arguments here, -Dlowrank.KEY=VALUE before -jar, LOWRANK_KEY,"
                    + " a file (config=FILE). Annotations are in programs and count only there.",
            "Exit status: 0 the rule can be met, 1 it cannot or the model would train as stock, 2 wrong use.",
            "Example:",
            "  java -jar lowrank4j-agent.jar plan --project . model.zip rank=8 layers=dense1:dense2"
        })
final class PlanVerb extends Verb {

    @Parameters(index = "0", paramLabel = "MODEL", description = "A model zip of Deeplearning4j.")
    private Path model = Path.of("");

    @Parameters(
            index = "1..*",
            paramLabel = "KEY=VALUE",
            description = "The rule, as after -javaagent:lowrank4j-agent.jar=, in one or several arguments.")
    private List<String> rule = new ArrayList<>();

    PlanVerb(Host host) {
        super(host);
    }

    @Override
    void check() {
        InputFiles.checkModel(model);
        ruleArguments();
    }

    @Override
    Result work(Progress progress) throws IOException {
        return Planning.plan(model, ruleArguments(), progress);
    }

    /** As the agent reads them: a comma separates two only where {@code word=} or {@code word@layers=} follows it. */
    private Map<String, String> ruleArguments() {
        Map<String, String> arguments = new LinkedHashMap<>();
        for (String argument : rule) {
            for (String one : argument.split(",(?=\\s*[\\w.-]+(@[^=,]*)?\\s*=)")) {
                int equals = one.indexOf('=');
                String key = equals < 0 ? "" : one.substring(0, equals).strip();
                if (key.isEmpty()) {
                    throw new WrongUse("'" + Excerpt.of(one) + "' is no KEY=VALUE. Write rank=8, for example.");
                }
                if (arguments.put(key, one.substring(equals + 1).strip()) != null) {
                    throw new WrongUse("The key " + Excerpt.of(key) + " is given twice.");
                }
            }
        }
        return arguments;
    }
}
