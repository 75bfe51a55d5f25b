package io.github.jalign.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.jalign.ops.Backend;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class DoctorTest {
    /** Labels are the words at the beginning of a line. */
    private static final String CPU_PART =
            """
            jalign       .+
            java         \\d+.* \\(.+\\), .+
            processor    .+, \\d+ hardware threads, .+
            features     .+(\\n {13}.+)*
            memory       \\d+\\.\\d GiB, \\d+\\.\\d GiB available; at most \\d+\\.\\d GiB of it for the( JVM's)?(\\n {13}.+)?
            models       names of models are looked up in .+(\\n {13}.+)*
            tokenizer    .*/libtokenizers\\.(so|dylib)(\\n {13}.+)*
            cpu          float32, Vector API, \\d+ x 32-bit vectors, 1 thread, tile \\d+ x \\d+
                         products of [\\d,]+ x [\\d,]+: \\d+(\\.\\d+)? [MGT]FLOP/s
                         copies in its memory: \\d+(\\.\\d+)? [MGT]B/s, read and written
            """;

    private static String doctor() {
        Run run = Run.of("doctor", "--threads", 1);
        assertEquals(0, run.exitCode(), run.err());
        assertEquals("", run.err());
        return run.out();
    }

    @Test
    void tellsWhatTheMachineHasAndWhyNotTheGpu() {
        String rest = Backend.CUDA.obstacle().isPresent()
                ? "cuda         cannot be used: .+(\\n {13}.+)*\ndevice auto  takes the cpu\n"
                : "cuda (.|\n)+\ndevice auto  takes cuda where the run fits\n";
        String report = doctor();
        assertTrue(report.matches(CPU_PART + rest), report);
    }

    @Test
    @Tag("emulator")
    void tellsWhatTheGpuDoesAndWhichLibrariesAreInUse() {
        String report = doctor();
        assertTrue(
                report.matches(CPU_PART
                        + """
                        cuda         bfloat16 on float32 masters, Emulated device \\(sm_90, 132 SMs, 8\\.0
                                     GiB\\), driver for CUDA 13\\.0, cuBLAS 13\\.0\\.0 \\(libcublas\\.so\\.13, Panama\\)
                                     products of [\\d,]+ x [\\d,]+: \\d+(\\.\\d+)? [MGT]FLOP/s
                                     copies in its memory: \\d+(\\.\\d+)? [MGT]B/s, read and written
                                     to the device \\d+(\\.\\d+)? [MGT]B/s, back \\d+(\\.\\d+)? [MGT]B/s
                        ( {13}/.+\\.so.*\\n)*device auto  takes cuda where the run fits
                        """),
                report);
        // tests before this one may have loaded more
        for (String library : List.of("/libcuda\\.so\\.1", "/libcublas\\.so\\.13", "/libJCudaDriver-[0-9.]+-linux-x86_64\\.so")) {
            assertTrue(report.lines().anyMatch(line -> line.matches(" {13}/.*" + library)), library + " in " + report);
        }
    }

    @Test
    void speedsHaveThreeDigitsAndAPrefix() {
        assertEquals(
                List.of("0.00 ", "999 ", "1.00 k", "12.3 M", "123 G", "1.23 T", "1234 P"),
                List.of(
                        Doctor.scaled(0), Doctor.scaled(999), Doctor.scaled(1000), Doctor.scaled(12.34e6),
                        Doctor.scaled(123.4e9), Doctor.scaled(1.234e12), Doctor.scaled(1.234e18)));
    }
}
