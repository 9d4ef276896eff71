package org.lowrank4j.tests.agent.program;

import com.sun.tools.attach.VirtualMachine;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;

/** A job that attaches the agent to itself between two trainings; arguments: the agent's jar and its options. */
public final class LateAttachJob {

    private LateAttachJob() {}

    public static void main(String[] arguments) throws Exception {
        MultiLayerNetwork early = Training.network();
        Training.fit(early);
        Training.report("early.", early);

        VirtualMachine machine =
                VirtualMachine.attach(Long.toString(ProcessHandle.current().pid()));
        machine.loadAgent(arguments[0], arguments[1]);
        machine.detach();

        MultiLayerNetwork late = Training.network();
        Training.fit(late);
        Training.report("late.", late);
    }
}
