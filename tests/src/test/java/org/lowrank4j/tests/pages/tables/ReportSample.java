package org.lowrank4j.tests.pages.tables;

import java.util.Map;
import java.util.Properties;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.lowrank4j.engine.DryRun;
import org.lowrank4j.report.PlanReport;
import org.lowrank4j.rule.RuleBook;
import org.nd4j.linalg.learning.config.Adam;

/** What the agent prints of a network before its first step, as it prints it today. */
final class ReportSample {

    private ReportSample() {}

    static String text() {
        Map<String, String> rule = Map.of("rank", "8", "layers", "0..1");
        DryRun run = DryRun.of(network(), null, RuleBook.read(rule, new Properties(), Map.of()))
                .orElseThrow();
        String report = PlanReport.text(run.plan(), run.adapterEntries(), run.jointNumbers(), run.memory());
        return "```text\nlowrank4j: " + report.strip() + "\n```\n";
    }

    private static MultiLayerNetwork network() {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .updater(new Adam())
                .list()
                .layer(new DenseLayer.Builder().nIn(20).nOut(2000).build())
                .layer(new DenseLayer.Builder().nIn(2000).nOut(2000).build())
                .layer(new OutputLayer.Builder().nIn(2000).nOut(2).build())
                .build());
        network.init();
        return network;
    }
}
