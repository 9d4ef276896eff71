package org.lowrank4j.engine;

/** Whether a network is inside one of its adapted training steps; shared by its session and its adapted layers. */
final class StepState {

    private boolean running;

    boolean running() {
        return running;
    }

    void begin() {
        running = true;
    }

    void end() {
        running = false;
    }
}
