package io.github.jalign.ops.cuda;

import io.github.jalign.ops.Ops;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * Operators as a CUDA graph. The first run is an ordinary one, in which kernels are loaded, which a capture does not
 * allow; the second is captured; all further ones are one call.
 */
final class Recording implements Ops.Recorded {
    private final Driver driver;
    private final Runnable body;
    private boolean warm;
    private @Nullable CUgraph graph;
    private @Nullable CUgraphExec executable;

    Recording(Driver driver, Runnable body) {
        this.driver = driver;
        this.body = body;
    }

    @Override
    public void run() {
        driver.makeCurrent();
        if (!warm) {
            body.run();
            warm = true;
            return;
        }
        CUgraphExec ready = executable == null ? record() : executable;
        Driver.check(JCudaDriver.cuGraphLaunch(ready, driver.stream()), "cuGraphLaunch");
    }

    private CUgraphExec record() {
        CUgraph captured = new CUgraph();
        Driver.check(
                JCudaDriver.cuStreamBeginCapture(
                        driver.stream(), CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL),
                "cuStreamBeginCapture");
        boolean complete = false;
        try {
            body.run();
            complete = true;
        } finally {
            int status = JCudaDriver.cuStreamEndCapture(driver.stream(), captured);
            if (status == 0) {
                graph = captured;
            } else if (complete) {
                Driver.check(status, "cuStreamEndCapture");
            }
        }
        CUgraphExec made = new CUgraphExec();
        Driver.check(JCudaDriver.cuGraphInstantiate(made, captured, 0), "cuGraphInstantiate");
        executable = made;
        return made;
    }

    @Override
    public void close() {
        if (graph != null) {
            driver.makeCurrent();
            driver.synchronize();
            if (executable != null) {
                Driver.check(JCudaDriver.cuGraphExecDestroy(executable), "cuGraphExecDestroy");
            }
            Driver.check(JCudaDriver.cuGraphDestroy(graph), "cuGraphDestroy");
            executable = null;
            graph = null;
        }
    }
}
