package org.lowrank4j.engine;

import java.lang.management.ManagementFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import javax.management.InstanceAlreadyExistsException;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.Console;
import org.lowrank4j.report.ExchangeMXBean;

/** Counts what the replicas of one network exchange, or its workers on Spark. JMX has it while they train, and holds no network by it. */
final class ExchangeCounters implements ExchangeMXBean {

    private static final AtomicInteger NUMBERS = new AtomicInteger();

    private final AtomicLong rounds = new AtomicLong();
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicLong driverBytes = new AtomicLong();
    private volatile String exchange = "";
    private volatile int replicas;
    private @Nullable ObjectName name;

    /** A fit begins. */
    synchronized void begins(String exchanged, int count) {
        exchange = exchanged;
        replicas = count;
        if (name != null) {
            return;
        }
        try {
            name = register();
        } catch (JMException refused) {
            Console.warn("JMX does not show what replicas exchange: " + refused);
        }
    }

    /** Other copies of this class in the JVM count for themselves. */
    private ObjectName register() throws JMException {
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();
        while (true) {
            ObjectName next = new ObjectName("org.lowrank4j:type=Exchange,number=" + NUMBERS.incrementAndGet());
            try {
                server.registerMBean(this, next);
                return next;
            } catch (InstanceAlreadyExistsException anothers) {
                continue;
            }
        }
    }

    /** The fit is over. */
    synchronized void ends() {
        ObjectName registered = name;
        name = null;
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();
        if (registered == null || !server.isRegistered(registered)) {
            return;
        }
        try {
            server.unregisterMBean(registered);
        } catch (JMException refused) {
            Console.warn("JMX goes on to show what replicas exchanged: " + refused);
        }
    }

    /** A round is over, in which replicas have sent so many bytes, but for those that {@link #part} counts. */
    void round(long sent) {
        rounds.incrementAndGet();
        bytes.addAndGet(sent);
    }

    /** A replica has sent its part of a round that another one counts. */
    void part(long sent) {
        bytes.addAndGet(sent);
    }

    /** A driver has sent something to all that train. */
    void fromDriver(long sent) {
        driverBytes.addAndGet(sent);
    }

    @Override
    public String getExchange() {
        return exchange;
    }

    @Override
    public int getReplicas() {
        return replicas;
    }

    @Override
    public long getRounds() {
        return rounds.get();
    }

    @Override
    public long getBytes() {
        return bytes.get();
    }

    @Override
    public long getDriverBytes() {
        return driverBytes.get();
    }
}
