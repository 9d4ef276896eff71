package org.lowrank4j.tests.pages;

import java.io.IOException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Amounts of memory as the agent's report writes them. */
public final class Amount {

    private static final Pattern AMOUNT = Pattern.compile("([0-9.]+) (B|KiB|MiB|GiB|TiB)");

    private Amount() {}

    /**
     * The bytes of the first amount in a text, as exact as its one decimal.
     *
     * @throws IOException if there is none
     */
    public static double bytes(String text) throws IOException {
        Matcher amount = AMOUNT.matcher(text);
        if (!amount.find()) {
            throw new IOException("no amount in '" + text + "'");
        }
        return Double.parseDouble(amount.group(1))
                * Math.pow(1024, List.of("B", "KiB", "MiB", "GiB", "TiB").indexOf(amount.group(2)));
    }
}
