package org.lowrank4j.convolution;

import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.stream;

/** This processor in oneDNN's terms; to touch this class loads the library. */
final class OneDnnProcessor {

    static final engine CPU = new engine(engine.kind.cpu, 0);
    static final stream STREAM = new stream(CPU);

    private OneDnnProcessor() {}
}
