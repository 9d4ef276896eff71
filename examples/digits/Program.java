package digits;

import java.io.IOException;
import picocli.CommandLine;

/** How every program here reads its command line and ends. */
final class Program {

    private Program() {}

    /** Runs a command; a mistake on the command line exits with 2, and what could not be done with 1, each with one line. */
    static void run(Object command, String[] arguments) {
        int status = new CommandLine(command)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler((failure, line, parsed) -> {
                    if (failure instanceof IOException) {
                        line.getErr().println(failure.getMessage());
                        return CommandLine.ExitCode.SOFTWARE;
                    }
                    throw failure;
                })
                .execute(arguments);
        if (status != 0) {
            System.exit(status);
        }
    }
}
