package org.lowrank4j.update;

import java.util.Set;
import java.util.stream.IntStream;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * MiCA, minor component adaptation (arXiv 2604.01694, as in the reference PEFT library): LoRA with a fixed B, the r right
 * singular vectors of W with the <em>smallest</em> singular values, so that training writes where W says least. With
 * W = U S V^T (nIn x nOut, thin),
 *
 * <pre>W moves by s A B,   B = V[:, last r]^T,   dA = s x^T (delta B^T)</pre>
 *
 * <p>A (nIn x r) starts at 0, so the network starts unchanged, and it alone is trained: half of LoRA's numbers. B has
 * orthonormal rows, and is kept and saved, because it cannot be found again once W has moved. The decomposition is exact and
 * in double, because rounding reaches the smallest vectors first.
 */
public final class Mica implements OwnUpdate {

    @Override
    public String name() {
        return "mica";
    }

    @Override
    public boolean usesScale() {
        return true;
    }

    @Override
    public Set<String> factors() {
        return Set.of("A");
    }

    @Override
    public TargetUpdate attach(TargetWeight target) {
        INDArray b = target.kept().array("B", 'c', target.rank(), target.outputs());
        return new OneFactor(target, "A", b, false, target.scale()) {
            @Override
            public void start() {
                ThinSvd svd = ThinSvd.of(target.weight());
                int[] last =
                        IntStream.range(svd.size() - target.rank(), svd.size()).toArray();
                b.assign(svd.right(last).castTo(b.dataType()));
            }
        };
    }
}
