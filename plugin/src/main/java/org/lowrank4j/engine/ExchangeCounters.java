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

/** Counts what the replicas of one network exchange. JMX has it while they train, and holds no network by it. */
final class ExchangeCounters implements ExchangeMXBean {

    private static final AtomicInteger NUMBERS = new AtomicInteger();

    private final AtomicLong rounds = new AtomicLong();
    private final AtomicLong bytes = new AtomicLong();
    private volatile String exchange = "";
    private volatile int replicas;
    private volatile long bytesOfEach;
    private @Nullable ObjectName name;

    /**
     * A fit begins.
     *
     * @param each what a replica sends in a round, in bytes
     */
    synchronized void begins(String exchanged, int count, long each) {
        exchange = exchanged;
        replicas = count;
        bytesOfEach = each;
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

    /** So many replicas have sent what they send in a round. */
    void round(int senders) {
        rounds.incrementAndGet();
        bytes.addAndGet(senders * bytesOfEach);
    }

    /** A replica has sent its part of a round that another one counts. */
    void part() {
        bytes.addAndGet(bytesOfEach);
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
}
