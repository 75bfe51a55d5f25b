package io.github.jalign.ops.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.errors.JalignException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import jcuda.Pointer;
import jcuda.driver.CUDA_MEMCPY2D;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUevent;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUmemorytype;
import jcuda.driver.CUresult;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.JCudaDriver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The emulated driver refuses and reports what a driver would, and shows waits that are missing. */
@Tag("emulator")
@Tag("checked")
final class EmulatedDriverTest {
    private static final int N = 1000;

    private Driver driver;
    private Modules modules;
    private Launch launch;
    private DeviceArrays arrays;

    @BeforeEach
    void open() {
        Emulator.reset();
        Emulator.forgetCounters();
        driver = Driver.open();
        modules = new Modules(driver);
        launch = new Launch(driver);
        arrays = new DeviceArrays(driver);
    }

    @AfterEach
    void close() {
        Emulator.usual();
        arrays.close();
        modules.close();
        driver.close();
        Emulator.assertNothingLeft();
    }

    /** x := value. */
    private void fill(long x, float value) {
        launch.with().address(x).count(1).count(N).count(N).number(value)
                .run(modules.kernel("elementwise", "fill_f32"), 1, 256);
    }

    /** z := x + y. */
    private void add(long x, long y, long z) {
        launch.with().address(x).count(N).address(y).count(N).address(z).count(N).count(1).count(N)
                .run(modules.kernel("elementwise", "add_f32"), 1, 256);
    }

    private static float[] constant(float value) {
        float[] all = new float[N];
        Arrays.fill(all, value);
        return all;
    }

    @Test
    void countsBytesAndLaunches() {
        long x = arrays.of(constant(1));
        long y = arrays.of(constant(2));
        add(x, y, x);
        add(x, y, x);
        assertArrayEquals(constant(5), arrays.floats(x, N));
        long bytes = Emulator.checked() ? 4L * N * 2 : 0;
        assertEquals(
                new Emulator.Counters(2, 2 * bytes, bytes, 2 * bytes, bytes, 0), Emulator.counters("add_f32"));
        assertThrows(IllegalArgumentException.class, () -> Emulator.counters("fill_f32"));
    }

    @Test
    void lazyStreamsRunWhenSomethingWaits() {
        Emulator.configure("LAZY", 1);
        long x = arrays.of(constant(1));
        fill(x, 7);
        float[] early = new float[N];
        // Waits for blocking streams only, and the driver's is none.
        assertEquals(0, JCudaDriver.cuMemcpyDtoH(Pointer.to(early), Address.device(x), 4L * N));
        assertArrayEquals(constant(1), early);
        assertEquals(CUresult.CUDA_ERROR_NOT_READY, JCudaDriver.cuStreamQuery(driver.stream()));
        driver.synchronize();
        assertEquals(CUresult.CUDA_SUCCESS, JCudaDriver.cuStreamQuery(driver.stream()));
        assertArrayEquals(constant(7), arrays.floats(x, N));
    }

    @Test
    void pinnedMemoryIsReadWhenTheCopyRuns() {
        Emulator.configure("LAZY", 1);
        long x = arrays.of(constant(0));
        float[] ordinary = constant(1);
        JCudaDriver.cuMemcpyHtoDAsync(Address.device(x), Pointer.to(ordinary), 4L * N, driver.stream());
        Arrays.fill(ordinary, 2);
        assertArrayEquals(constant(1), arrays.floats(x, N));

        Address.Pinned pinned = new Address.Pinned();
        assertEquals(0, JCudaDriver.cuMemAllocHost(pinned, 4L * N));
        assertEquals(4L * N, Emulator.live().pinnedBytes());
        MemorySegment values = segment(pinned.address());
        values.copyFrom(MemorySegment.ofArray(constant(3)));
        JCudaDriver.cuMemcpyHtoDAsync(Address.device(x), pinned, 4L * N, driver.stream());
        values.copyFrom(MemorySegment.ofArray(constant(4))); // too early
        assertArrayEquals(constant(4), arrays.floats(x, N));
        assertEquals(0, JCudaDriver.cuMemFreeHost(pinned));
    }

    @SuppressWarnings("restricted")
    private static MemorySegment segment(long address) {
        return MemorySegment.ofAddress(address).reinterpret(4L * N);
    }

    @Test
    void eventsAreReachedInTheirStream() {
        Emulator.configure("LAZY", 1);
        long x = arrays.of(constant(1));
        CUevent start = new CUevent();
        CUevent end = new CUevent();
        JCudaDriver.cuEventCreate(start, 0);
        JCudaDriver.cuEventCreate(end, 0);
        JCudaDriver.cuEventRecord(start, driver.stream());
        fill(x, 2);
        JCudaDriver.cuEventRecord(end, driver.stream());
        fill(x, 3);
        float[] milliseconds = new float[1];
        assertEquals(CUresult.CUDA_ERROR_NOT_READY, JCudaDriver.cuEventQuery(end));
        assertEquals(CUresult.CUDA_ERROR_NOT_READY, JCudaDriver.cuEventElapsedTime(milliseconds, start, end));
        assertEquals(0, JCudaDriver.cuEventSynchronize(end));
        float[] now = new float[N];
        JCudaDriver.cuMemcpyDtoH(Pointer.to(now), Address.device(x), 4L * N);
        assertArrayEquals(constant(2), now);
        assertEquals(0, JCudaDriver.cuEventElapsedTime(milliseconds, start, end));
        assertTrue(milliseconds[0] > 0);
        JCudaDriver.cuEventDestroy(start);
        JCudaDriver.cuEventDestroy(end);
        assertEquals(CUresult.CUDA_ERROR_INVALID_HANDLE, JCudaDriver.cuEventQuery(end));
    }

    @Test
    void graphsReplayWithTheirArguments() {
        long x = arrays.of(constant(1));
        long y = arrays.of(constant(1));
        CUgraph graph = new CUgraph();
        CUgraphExec executable = new CUgraphExec();
        JCudaDriver.cuStreamBeginCapture(driver.stream(), CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
        add(x, y, x);
        add(x, x, x);
        assertEquals(0, JCudaDriver.cuStreamEndCapture(driver.stream(), graph));
        assertEquals(0, JCudaDriver.cuGraphInstantiate(executable, graph, 0));
        assertArrayEquals(constant(1), arrays.floats(x, N)); // captured, not run
        for (int i = 0; i < 3; i++) {
            assertEquals(0, JCudaDriver.cuGraphLaunch(executable, driver.stream()));
        }
        assertArrayEquals(constant(22), arrays.floats(x, N)); // ((1 + 1)·2 + 1)·2 …
        JCudaDriver.cuGraphExecDestroy(executable);
        JCudaDriver.cuGraphDestroy(graph);
    }

    @Test
    void capturesAreSpoiledByWaiting() {
        CUgraph graph = new CUgraph();
        JCudaDriver.cuStreamBeginCapture(driver.stream(), CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
        assertEquals(
                CUresult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, JCudaDriver.cuStreamSynchronize(driver.stream()));
        assertEquals(
                CUresult.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED,
                JCudaDriver.cuStreamEndCapture(driver.stream(), graph));
        driver.synchronize();
    }

    @Test
    void copiesInTwoDimensions() {
        int[] from = new int[6 * 5];
        Arrays.setAll(from, i -> i);
        long x = arrays.of(new int[4 * 7]);
        CUDA_MEMCPY2D copy = new CUDA_MEMCPY2D();
        copy.srcMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST;
        copy.srcHost = Pointer.to(from);
        copy.srcPitch = 4 * 5;
        copy.srcXInBytes = 4;
        copy.srcY = 2;
        copy.dstMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE;
        copy.dstDevice = Address.device(x);
        copy.dstPitch = 4 * 7;
        copy.dstXInBytes = 8;
        copy.dstY = 1;
        copy.WidthInBytes = 4 * 3;
        copy.Height = 3;
        assertEquals(0, JCudaDriver.cuMemcpy2DAsync(copy, driver.stream()));
        int[] expected = new int[4 * 7];
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < 3; j++) {
                expected[(i + 1) * 7 + j + 2] = from[(i + 2) * 5 + j + 1];
            }
        }
        assertArrayEquals(expected, arrays.ints(x, expected.length));
    }

    @Test
    void copiesStayInsideAllocations() {
        long x = arrays.of(constant(1));
        Pointer host = Pointer.to(new float[N + 1]);
        assertEquals(
                CUresult.CUDA_ERROR_INVALID_VALUE, JCudaDriver.cuMemcpyDtoH(host, Address.device(x), 4L * N + 4));
        assertEquals(
                CUresult.CUDA_ERROR_INVALID_VALUE, JCudaDriver.cuMemcpyHtoD(Address.device(x + 4), host, 4L * N));
        assertEquals(
                CUresult.CUDA_ERROR_INVALID_VALUE,
                JCudaDriver.cuMemsetD32Async(Address.device(x), 0, N + 1, driver.stream()));
        assertArrayEquals(constant(1), arrays.floats(x, N));
    }

    @Test
    void memoryRunsOut() {
        Emulator.configure("MEMORY_MB", 16);
        arrays.unwritten(10 << 20);
        long[] free = new long[1];
        long[] total = new long[1];
        JCudaDriver.cuMemGetInfo(free, total);
        assertEquals(6 << 20, free[0]);
        assertEquals(16 << 20, total[0]);
        JalignException e = assertThrows(JalignException.class, () -> arrays.unwritten((6 << 20) + 1));
        assertTrue(e.getMessage().contains("2 CUDA_ERROR_OUT_OF_MEMORY"), e::getMessage);
        arrays.unwritten(6 << 20);
    }

    @Test
    void sharedMemoryIsLimited() {
        Modules.Kernel kernel = modules.kernel("conformance", "indices");
        long out = arrays.unwritten(4L * 64);
        assertEquals(
                CUresult.CUDA_ERROR_INVALID_VALUE,
                JCudaDriver.cuLaunchKernel(
                        kernel.function(), 1, 1, 1, 64, 1, 1, (48 << 10) + 1, driver.stream(),
                        Pointer.to(Pointer.to(new long[] {out}), Pointer.to(new long[] {out})), null));
        Emulator.configure("CAPABILITY", 86); // 99 KiB of 100
        assertThrows(JalignException.class, () -> kernel.allow((99 << 10) + 1));
        kernel.allow(99 << 10);
    }

    @Test
    void blocksKeepTheirBounds() {
        Modules.Kernel kernel = modules.kernel("rmsnorm", "rms_norm_f32");
        int[] bound = new int[1];
        JCudaDriver.cuFuncGetAttribute(
                bound, CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, kernel.function());
        JalignException e = assertThrows(
                JalignException.class,
                () -> launch.with().count(0).count(0).count(0).number(0).count(0).count(0).count(0).size(1).size(1)
                        .run(kernel, 1, bound[0] + 1));
        assertTrue(e.getMessage().contains("701 CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES"), e::getMessage);
    }

    @ParameterizedTest
    @CsvSource({"80, 166912", "86, 101376", "89, 101376", "90, 232448"})
    void limitsFollowTheCapability(int capability, int shared) {
        Emulator.configure("CAPABILITY", capability);
        int[] value = new int[1];
        CUdevice device = new CUdevice();
        JCudaDriver.cuDeviceGet(device, 0);
        JCudaDriver.cuDeviceGetAttribute(
                value, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, device);
        assertEquals(shared, value[0]);
    }

    @Test
    void aLaunchFailsWhenAskedTo() {
        long x = arrays.of(constant(1));
        Emulator.configure("FAIL_LAUNCH", 2);
        fill(x, 2);
        assertThrows(JalignException.class, () -> fill(x, 3));
        assertArrayEquals(constant(2), arrays.floats(x, N)); // refused, and no more
        fill(x, 4);
        assertArrayEquals(constant(4), arrays.floats(x, N));

        Emulator.configure("FAIL_CODE", CUresult.CUDA_ERROR_ILLEGAL_ADDRESS);
        Emulator.configure("FAIL_LAUNCH", 1);
        fill(x, 5);
        JalignException e = assertThrows(JalignException.class, driver::synchronize);
        assertTrue(e.getMessage().contains("700 CUDA_ERROR_ILLEGAL_ADDRESS"), e::getMessage);
        assertThrows(JalignException.class, () -> fill(x, 6)); // for good
        assertEquals(List.of("planned failure: kernel fill_f32"), Emulator.reports());
    }

    @Test
    void leaksAreReported() {
        int bytes = 12345;
        try (Driver own = Driver.open()) {
            own.makeCurrent();
        }
        assertEquals(List.of(), Emulator.reports()); // another context holds the device still
        arrays.unwritten(bytes);
        driver.close();
        assertEquals(
                List.of("leak: the context ends with 12345 bytes of device memory in 1 allocations"),
                Emulator.reports());
        assertEquals(0, Emulator.live().deviceBytes());
        driver = Driver.open();
        arrays = new DeviceArrays(driver);
    }

    /** Whatever their size: pinned memory that one used is the next one's. */
    @Test
    void whatComesDownLaterUsesTheSamePinnedMemoryAgain() {
        float[] values = new float[50_000];
        for (int i = 0; i < values.length; i++) {
            values[i] = i;
        }
        long from = arrays.of(values);
        try (Staging staging = new Staging(driver)) {
            long before = Emulator.live().pinnedBytes();
            for (int count : new int[] {50_000, 49_000, 10, 50_000}) {
                MemorySegment down = staging.later(from, 4L * count).get();
                assertArrayEquals(Arrays.copyOf(values, count), down.toArray(ValueLayout.JAVA_FLOAT));
            }
            assertEquals(4 << 16, Emulator.live().pinnedBytes() - before);
        }
    }
}
