package io.github.jalign.benchmarks;

import io.github.jalign.ops.Ops;
import io.github.jalign.tensor.Tensor;
import io.github.jalign.tensor.TensorArena;

/** The smallest kernel there is: how many a second, what each costs the host, and as part of a replayed graph. */
final class LaunchTimings {
    /** Fewer than the driver queues before it makes the host wait. */
    private static final int QUEUED = 500;

    private final Device device;

    LaunchTimings(Device device) {
        this.device = device;
    }

    void run() {
        Ops ops = device.ops();
        try (TensorArena arena = device.allocate(device.wide("x", 1, 1))) {
            Tensor x = arena.get("x");
            int launches = device.shapes().launches();
            double one = device.watch().seconds(i -> ops.fill(x, i));
            ops.fill(x, 3);
            add("launch", one, ops.read(x)[0] == 3 ? 0 : 1);
            double host = 0;
            int counted = 0;
            while (counted < launches) {
                device.watch().await();
                long began = System.nanoTime();
                int end = Math.min(launches, counted + QUEUED);
                for (; counted < end; counted++) {
                    ops.fill(x, 4);
                }
                host += (System.nanoTime() - began) / 1e9;
            }
            add("host", host / launches, ops.read(x)[0] == 4 ? 0 : 1);
            int nodes = Math.min(QUEUED, launches);
            try (Ops.Recorded recorded = ops.recorded(() -> {
                for (int i = 0; i < nodes; i++) {
                    ops.fill(x, 5);
                }
            })) {
                add("replayed", device.watch().seconds(i -> recorded.run()) / nodes, ops.read(x)[0] == 5 ? 0 : 1);
            }
        }
    }

    private void add(String pass, double seconds, double error) {
        device.log().add(Timing.of("launches", "fill of one element", pass, seconds, 1, "launch", error).within(0));
    }
}
