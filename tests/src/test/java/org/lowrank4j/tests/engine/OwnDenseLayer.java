package org.lowrank4j.tests.engine;

import java.util.Collection;
import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.lowrank4j.kind.DefaultTarget;
import org.lowrank4j.kind.Dense;
import org.lowrank4j.kind.LayerKind;
import org.lowrank4j.kind.Matrix;
import org.lowrank4j.kind.StandIn;
import org.nd4j.linalg.activations.impl.ActivationTanH;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A user's dense layer of a class of its own, whose kind has the passes of dense layers. */
public final class OwnDenseLayer extends DenseLayer {

    /** For JSON. */
    public OwnDenseLayer() {}

    OwnDenseLayer(int inputs, int outputs) {
        setNIn(inputs);
        setNOut(outputs);
        setActivationFn(new ActivationTanH());
    }

    /** What runs it. */
    static final class Running extends org.deeplearning4j.nn.layers.feedforward.dense.DenseLayer {

        private static final long serialVersionUID = 1L;

        Running(NeuralNetConfiguration settings, DataType type) {
            super(settings, type);
        }
    }

    /** All that it takes. */
    public static final class Kind implements LayerKind {

        @Override
        public boolean is(Trainable layer) {
            return layer instanceof Running;
        }

        @Override
        public List<Matrix> matrices() {
            return List.of(Matrix.asItIs("W"));
        }

        @Override
        public DefaultTarget byDefault() {
            return DefaultTarget.ALWAYS;
        }

        @Override
        public StandIn standIn(Layer layer) {
            return new Dense().standIn(layer);
        }
    }

    @Override
    public Layer instantiate(
            NeuralNetConfiguration settings,
            Collection<TrainingListener> listeners,
            int index,
            INDArray parameters,
            boolean draws,
            DataType type) {
        Running layer = new Running(settings, type);
        layer.setListeners(listeners);
        layer.setIndex(index);
        layer.setParamsViewArray(parameters);
        layer.setParamTable(initializer().init(settings, parameters, draws));
        layer.setConf(settings);
        return layer;
    }
}
