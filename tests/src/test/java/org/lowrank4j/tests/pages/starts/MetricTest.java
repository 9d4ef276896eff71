package org.lowrank4j.tests.pages.starts;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class MetricTest {

    @Test
    void cellsShowMeanAndDeviation() {
        assertEquals("95.00 +- 1.00 %", Metric.ACCURACY.cell(new double[] {0.94, 0.95, 0.96}, 400));
        assertEquals("95.00 %", Metric.ACCURACY.cell(new double[] {0.95}, 400));
        assertEquals("0.500 +- 0.141", Metric.lossAfter(20).cell(new double[] {0.4, 0.6}, 400));
        assertEquals("14,986", Metric.TRAINED.cell(new double[] {14_986, 14_986}, 400));
        assertEquals("", Metric.KEPT.cell(new double[] {Double.NaN, Double.NaN}, 400));
    }

    @Test
    void aLossThatOneSeedDidNotReachIsNotReached() {
        assertEquals("50 +- 14", Metric.stepsTo(0.3).cell(new double[] {40, 60}, 400));
        assertEquals("> 400", Metric.stepsTo(0.3).cell(new double[] {40, 401}, 400));
    }

    @Test
    void timesAreMedians() {
        assertEquals("21 ms", Metric.START.cell(new double[] {20, 900, 21}, 400));
        assertEquals("30 ms", Metric.START.cell(new double[] {20, 40}, 400));
    }
}
