package io.github.jalign.ops.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.jalign.MessageCase;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MicroKernelTest {

    @ParameterizedTest
    @MethodSource("io.github.jalign.ops.cpu.CpuMessages#cases")
    void aMessageSaysAllFiveThings(MessageCase c) {
        c.check();
    }

    @Test
    void thePropertyNamesTheKernel() {
        String before = System.getProperty(MicroKernel.PROPERTY);
        try {
            System.setProperty(MicroKernel.PROPERTY, "4x4");
            assertEquals(new Kernel4x4(), MicroKernel.preferred());
            System.setProperty(MicroKernel.PROPERTY, "12x2");
            assertEquals(new Kernel12x2(), MicroKernel.preferred());
            System.clearProperty(MicroKernel.PROPERTY);
            assertEquals(Lanes.COUNT >= 16 ? new Kernel12x2() : new Kernel4x2(), MicroKernel.preferred());
        } finally {
            if (before == null) {
                System.clearProperty(MicroKernel.PROPERTY);
            } else {
                System.setProperty(MicroKernel.PROPERTY, before);
            }
        }
    }
}
