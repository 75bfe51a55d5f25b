// The threads of the host that run blocks. They are the emulator's own: its handler of SIGSEGV may leave a kernel,
// which it could not on a thread of the JVM.
#pragma once

#include "fibers.h"

namespace cuemu {

/// Runs all blocks of a launch and returns; what went wrong is reported, and sticky.
void run(const Launch& launch);

}
