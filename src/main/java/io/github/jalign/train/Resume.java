package io.github.jalign.train;

import java.nio.file.Path;

/** Where a run starts: {@code resume_from_checkpoint}. */
public sealed interface Resume {
    /** At step 0. */
    record FromStart() implements Resume {}

    /** At the newest complete checkpoint in the output folder, or at step 0 when there is none. */
    record FromLatest() implements Resume {}

    /** At this {@code checkpoint-N} folder. */
    record From(Path checkpoint) implements Resume {}
}
