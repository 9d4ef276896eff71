package org.lowrank4j.examples.digits;

import java.io.IOException;
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
     * Reads the report from a child's error stream; the last one counts, since it describes the network that trained.
     *
     * @throws IOException if there is none, which means that the agent did not take the network over
     */
    public static AgentReport parse(List<String> lines) throws IOException {
        Matcher trainable = last(TRAINABLE, lines);
        Matcher memory = last(MEMORY, lines);
        return new AgentReport(
                Long.parseLong(trainable.group(1).replace(",", "")), bytes(memory.group(1)) + bytes(memory.group(2)));
    }

    /** Trainable parameters of every network that the agent took over, in the order in which they began to train. */
    public static List<Long> trainable(List<String> lines) {
        return lines.stream()
                .map(TRAINABLE::matcher)
                .filter(Matcher::find)
                .map(found -> Long.parseLong(found.group(1).replace(",", "")))
                .toList();
    }

    private static Matcher last(Pattern pattern, List<String> lines) throws IOException {
        Matcher found = null;
        for (String line : lines) {
            Matcher matcher = pattern.matcher(line);
            if (matcher.find()) {
                found = matcher;
            }
        }
        if (found == null) {
            throw new IOException("The agent reported nothing like \"" + pattern + "\", so it did not train. The error"
                    + " stream was:\n  " + String.join("\n  ", lines));
        }
        return found;
    }

    /** Bytes from, for example, {@code 15.1 KiB}; as exact as the report's one decimal. */
    private static long bytes(String size) {
        String[] parts = size.split(" ");
        int power = parts[1].equals("B") ? 0 : 1 + "KMGT".indexOf(parts[1].charAt(0));
        return Math.round(Double.parseDouble(parts[0]) * Math.pow(1024, power));
    }
}
