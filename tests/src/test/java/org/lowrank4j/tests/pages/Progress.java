package org.lowrank4j.tests.pages;

import java.io.Console;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One line per run: rewritten in place on a terminal, and written once, at its end, into a file or pipe.
 *
 * <p>The percentage and loss come from the lines that {@link LossLog} prints.
 */
public final class Progress {

    private static final Pattern STEP = Pattern.compile("step (\\d+) of (\\d+), loss (\\S+)");

    private final PrintStream out;
    private final boolean live;
    private final int runs;
    private int run;
    private String title = "";
    private long start;
    private long firstReport;
    private int firstDone;
    private int width;

    public Progress(PrintStream out, boolean live, int runs) {
        this.out = out;
        this.live = live;
        this.runs = runs;
    }

    /** Whether someone watches: standard output is a terminal that can rewrite its last line. */
    public static boolean isTerminal() {
        Console console = System.console();
        if (console == null || "dumb".equals(System.getenv("TERM"))) {
            return false;
        }
        try {
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (NoSuchMethodException olderJava) {
            // Before Java 22 there is a console only on a terminal.
            return true;
        } catch (IllegalAccessException | InvocationTargetException unexpected) {
            throw new IllegalStateException("Console.isTerminal cannot be called.", unexpected);
        }
    }

    public void begin(String runTitle) {
        run++;
        title = runTitle;
        start = System.nanoTime();
        firstReport = 0;
        rewrite("starting");
    }

    /** Takes a line of the child's output; lines that tell no step are passed over. */
    public void line(String line) {
        Matcher step = STEP.matcher(line);
        if (!step.matches()) {
            return;
        }
        int done = Integer.parseInt(step.group(1));
        int all = Integer.parseInt(step.group(2));
        long now = System.nanoTime();
        if (firstReport == 0) {
            // The time before it is mostly start-up, so the rate of the steps is measured from here on.
            firstReport = now;
            firstDone = done;
        }
        String left = done == firstDone
                ? ""
                : String.format(
                        Locale.ROOT,
                        "   %.0f s left",
                        Math.ceil((now - firstReport) / 1e9 * (all - done) / (done - firstDone)));
        rewrite(String.format(Locale.ROOT, "%3d %%   loss %s%s", 100L * done / all, step.group(3), left));
    }

    public void end(String outcome) {
        String text = String.format(Locale.ROOT, "%s in %.1f s", outcome, (System.nanoTime() - start) / 1e9);
        if (live) {
            rewrite(text);
            out.println();
        } else {
            out.println(prefix() + text);
        }
        width = 0;
    }

    /** Ends the line that is being rewritten, so that a message can follow. */
    public void breakLine() {
        if (live && width > 0) {
            out.println();
            width = 0;
        }
    }

    private String prefix() {
        return String.format(Locale.ROOT, "%2d/%d  %-26s ", run, runs, title);
    }

    private void rewrite(String state) {
        if (!live) {
            return;
        }
        String text = prefix() + state;
        // Spaces over what a longer line left behind.
        out.print("\r" + text + " ".repeat(Math.max(0, width - text.length())));
        out.flush();
        width = text.length();
    }
}
