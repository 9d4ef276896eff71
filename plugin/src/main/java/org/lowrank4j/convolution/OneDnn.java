package org.lowrank4j.convolution;

import org.bytedeco.dnnl.dnnl_version_t;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.stream;

/** oneDNN's engine of this processor; to touch this class loads the library. */
final class OneDnn {

    static final engine CPU = new engine(engine.kind.cpu, 0);
    static final stream STREAM = new stream(CPU);

    private OneDnn() {}

    static String version() {
        dnnl_version_t version = dnnl.dnnl_version();
        return version.major() + "." + version.minor() + "." + version.patch();
    }
}
