package io.github.jalign.ops.cpu;

import io.github.jalign.MessageCase;
import io.github.jalign.errors.JalignException;
import java.util.List;

/** What a user of this room can do wrong. */
public final class CpuMessages {
    private CpuMessages() {}

    public static List<MessageCase> cases() {
        return List.of(new MessageCase(
                "a micro-kernel that is not there",
                () -> MicroKernel.named("6x2"),
                JalignException.Kind.USAGE,
                """
                -Djalign.cpu.tile: the micro-kernel must be one that jalign has
                  found     6x2
                  expected  12x2, 4x4 or 4x2 (rows x vectors)
                  do        name one of these, or leave the property out"""));
    }
}
