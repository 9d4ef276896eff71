package digits;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the agent said about a network on the error stream.
 *
 * @param trainable parameters it trains
 * @param trainingBytes bytes of its gradient and updater state
 */
public record AgentReport(long trainable, long trainingBytes) {

    private static final Pattern TRAINABLE = Pattern.compile("trainable params: ([\\d,]+) \\|\\| all params: ");
    private static final Pattern MEMORY = Pattern.compile(
            "gradient ([\\d.]+ [KMGT]?i?B) \\(stock [^)]*\\), updater state ([\\d.]+ [KMGT]?i?B) \\(stock");

    /**
     * The reports on an error stream, one for each network that the agent took over, in the order in which they began to
     * train.
     */
    public static List<AgentReport> all(List<String> lines) {
        List<AgentReport> reports = new ArrayList<>();
        long trainable = 0;
        for (String line : lines) {
            Matcher parameters = TRAINABLE.matcher(line);
            Matcher memory = MEMORY.matcher(line);
            if (parameters.find()) {
                trainable = Long.parseLong(parameters.group(1).replace(",", ""));
            } else if (memory.find()) {
                reports.add(new AgentReport(trainable, bytes(memory.group(1)) + bytes(memory.group(2))));
            }
        }
        return reports;
    }

    /**
     * The last report, which describes the network that trained.
     *
     * @throws IOException if there is none, which means that the agent did not take the network over
     */
    public static AgentReport last(List<String> lines) throws IOException {
        List<AgentReport> reports = all(lines);
        if (reports.isEmpty()) {
            throw new IOException("The agent reported nothing, so it did not train. The error stream was:\n  "
                    + String.join("\n  ", lines));
        }
        return reports.get(reports.size() - 1);
    }

    /** Bytes from, for example, {@code 15.1 KiB}; as exact as the report's one decimal. */
    private static long bytes(String size) {
        String[] parts = size.split(" ");
        int power = parts[1].equals("B") ? 0 : 1 + "KMGT".indexOf(parts[1].charAt(0));
        return Math.round(Double.parseDouble(parts[0]) * Math.pow(1024, power));
    }
}
