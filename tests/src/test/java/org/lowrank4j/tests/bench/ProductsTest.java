package org.lowrank4j.tests.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Method;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Benchmark;

class ProductsTest {

    private static final Workload W = new Workload("mln", 100, 10, 4, 2, "adam", "dataset");

    @Test
    void countsEveryProduct() {
        assertEquals(2 * 10 * 100 * 100, ProductsBenchmark.flops("forward", W));
        // Rank 4 is twice the adapter's.
        assertEquals(2 * 100 * 4 * 100, ProductsBenchmark.flops("moveOfW", W));
        assertEquals(4 * 2 * 100 * 100, ProductsBenchmark.bytes("streamOfW", W));
        assertThrows(IllegalArgumentException.class, () -> ProductsBenchmark.flops("backward", W));
        for (Method product : Products.class.getMethods()) {
            if (product.isAnnotationPresent(Benchmark.class)) {
                assertTrue(ProductsBenchmark.flops(product.getName(), W) > 0);
                assertTrue(ProductsBenchmark.bytes(product.getName(), W) > 0);
            }
        }
    }

    @Test
    void everyProductRuns() throws ReflectiveOperationException {
        Products products = new Products();
        products.width = 12;
        products.batch = 3;
        products.rank = 2;
        products.initialise();
        for (Method product : Arrays.stream(Products.class.getMethods())
                .filter(one -> one.isAnnotationPresent(Benchmark.class))
                .toList()) {
            product.invoke(products);
        }
    }
}
