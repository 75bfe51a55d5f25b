// What every entry point of the driver begins with.
#pragma once

#include "report.h"

namespace cuemu {

/// SUCCESS if the driver is initialised and the calling thread has a context that no kernel has ruined.
Result ready();

/// The same for what a capture forbids, which it spoils.
Result ready_outside_captures();

}

/// Takes the driver's lock and returns from the entry point unless the driver is ready.
#define CUEMU_ENTER(check) \
    std::lock_guard lock(cuemu::driverLock); \
    if (cuemu::Result state = cuemu::check(); state != cuemu::SUCCESS) { \
        return state; \
    }
