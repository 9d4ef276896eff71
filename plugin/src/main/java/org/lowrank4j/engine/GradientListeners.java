package org.lowrank4j.engine;

import java.util.Collection;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.TrainingListener;

/**
 * Which listeners look at gradients and updates: the one of DL4J's training UI, and those of a program that are told when
 * gradients are there. The other listeners of DL4J leave them alone.
 */
final class GradientListeners {

    private static final String UI = "org.deeplearning4j.ui.model.stats.BaseStatsListener";
    private static final String DL4J = "org.deeplearning4j.";

    private static final ClassValue<Boolean> LOOKS = new ClassValue<>() {
        @Override
        protected Boolean computeValue(Class<?> type) {
            return isOfUi(type) || overrides(type, "onGradientCalculation") || overrides(type, "onBackwardPass");
        }
    };

    private GradientListeners() {}

    static boolean among(Collection<TrainingListener> listeners) {
        for (TrainingListener listener : listeners) {
            if (LOOKS.get(listener.getClass())) {
                return true;
            }
        }
        return false;
    }

    private static boolean isOfUi(Class<?> type) {
        for (Class<?> one = type; one != null; one = one.getSuperclass()) {
            if (one.getName().equals(UI)) {
                return true;
            }
        }
        return false;
    }

    private static boolean overrides(Class<?> type, String method) {
        try {
            return !type.getMethod(method, Model.class)
                    .getDeclaringClass()
                    .getName()
                    .startsWith(DL4J);
        } catch (NoSuchMethodException otherShape) {
            throw new IllegalStateException("every listener has " + method, otherShape);
        }
    }
}
