package org.lowrank4j.tests.robustness.program;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.lowrank4j.adapter.PeftDirectory;
import org.lowrank4j.command.Commands;
import org.lowrank4j.file.ModelZip;
import org.lowrank4j.file.NetworkState;
import org.lowrank4j.tests.robustness.Samples;

/**
 * Replaces saved.zip, merged.zip, the directory adapter and converted.zip in turn, each by the one or the other of two
 * contents, until it is killed. The directory has base.zip and the adapters first and second.
 */
public final class EndlessWriter {

    private EndlessWriter() {}

    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[0]);
        MultiLayerNetwork[] networks = {Samples.network(1), Samples.network(2)};
        String[] adapters = {"first", "second"};
        for (int turn = 0; true; turn++) {
            write(folder, networks[turn % 2], adapters[turn % 2]);
            System.out.println("turn " + turn);
        }
    }

    /** Writes each of the four once. */
    public static void write(Path folder, MultiLayerNetwork network, String adapter) throws IOException {
        ModelZip.write(NetworkState.of(network, Samples.state(0)), folder.resolve("saved.zip"), null);
        command("merge", folder.resolve("base.zip"), folder.resolve(adapter), "-o", folder.resolve("merged.zip"));
        PeftDirectory.write(PeftDirectory.read(folder.resolve(adapter)), folder.resolve("adapter"));
        command(
                "convert",
                folder.resolve(adapter),
                "--base",
                folder.resolve("base.zip"),
                "-o",
                folder.resolve("converted.zip"));
    }

    private static void command(Object... arguments) {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream stream = new PrintStream(said, true, StandardCharsets.UTF_8);
        String[] texts = new String[arguments.length + 1];
        for (int i = 0; i < arguments.length; i++) {
            texts[i] = arguments[i].toString();
        }
        texts[arguments.length] = "--force";
        int status = Commands.run(texts, stream, stream, "test", entry -> {}, hooks -> true);
        if (status != 0) {
            throw new IllegalStateException(
                    String.join(" ", texts) + " failed: " + said.toString(StandardCharsets.UTF_8));
        }
    }
}
