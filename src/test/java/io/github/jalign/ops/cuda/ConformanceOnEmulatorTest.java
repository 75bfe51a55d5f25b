package io.github.jalign.ops.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;

@Tag("emulator")
@Tag("checked")
final class ConformanceOnEmulatorTest extends ConformanceTest {
    @BeforeEach
    void forgetReports() {
        Emulator.reset();
    }

    @AfterEach
    void nothingToReport() {
        assertEquals(List.of(), Emulator.reports());
    }
}
