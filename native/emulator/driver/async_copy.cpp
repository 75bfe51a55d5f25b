// cp.async: the copy is made when its thread waits for it. Until then its destination is poison, so that a kernel that
// does not wait computes NaN, and in checked mode is found.

#include "checker.h"
#include "fibers.h"
#include "settings.h"

#include <cstring>
#include <vector>

namespace {

struct Copy {
    void* to;
    const void* from;
    unsigned bytes, sourceBytes;
    int group;
};

}

struct cuemu_AsyncCopies {
    std::vector<Copy> pending;
    int group; // the one that is being filled
};

static cuemu_AsyncCopies& copies() {
    cuemu_Fiber* fiber = cuemu_current;
    if (!fiber->copies) {
        fiber->copies = new cuemu_AsyncCopies{};
    }
    return *fiber->copies;
}

void cuemu::Worker::begin_copies() {
    for (unsigned t = 0; t < block.threads; t++) {
        if (fibers[t].copies) {
            fibers[t].copies->pending.clear();
            fibers[t].copies->group = 0;
        }
    }
}

extern "C" void cuemu_cp_async(void* to, const void* from, unsigned bytes, unsigned sourceBytes) {
    void* pc = __builtin_return_address(0);
    cuemu::checker::operation_access(from, sourceBytes, false, (int)bytes, pc);
    cuemu::checker::operation_access(to, bytes, true, (int)bytes, pc);
    if (cuemu::settings.checked) {
        cuemu::checker::copy_issued(to, bytes);
    }
    memset(to, 0xff, bytes);
    copies().pending.push_back({to, from, bytes, sourceBytes, copies().group});
}

extern "C" void cuemu_cp_async_commit() {
    copies().group++;
}

extern "C" void cuemu_cp_async_wait(int pending) {
    cuemu_AsyncCopies& all = copies();
    int last = pending < 0 ? all.group : all.group - 1 - pending;
    size_t left = 0;
    for (const Copy& c : all.pending) {
        if (c.group > last) {
            all.pending[left++] = c;
            continue;
        }
        memcpy(c.to, c.from, c.sourceBytes);
        memset((char*)c.to + c.sourceBytes, 0, c.bytes - c.sourceBytes);
        if (cuemu::settings.checked) {
            cuemu::checker::copy_done(c.to, c.bytes);
        }
    }
    all.pending.resize(left);
}
