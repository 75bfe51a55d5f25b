// wgmma: a product is made when its thread waits for it, from what its operands are then. Until then its accumulators are
// poison, so that a kernel that does not wait computes NaN, and one that overwrites operands too early something wrong.

#include "checker.h"
#include "fibers.h"
#include "settings.h"

#include <cstring>
#include <vector>

namespace {

struct Issued {
    cuemu_Product product;
    int group;
};

struct Accumulators {
    float* registers;
    std::vector<float> values;
};

}

struct cuemu_AsyncProducts {
    std::vector<Issued> pending;
    std::vector<Accumulators> hidden; // what the accumulators of pending products are behind the poison
    int group;                        // the one that is being filled
    bool fenced;                      // what wrote registers is done with them
};

static cuemu_AsyncProducts& products() {
    cuemu_Fiber* fiber = cuemu_current;
    if (!fiber->products) {
        fiber->products = new cuemu_AsyncProducts{};
    }
    return *fiber->products;
}

static void hide(cuemu_AsyncProducts& all, const cuemu_Product& p) {
    for (const Accumulators& known : all.hidden) {
        if (known.registers == p.accumulators) {
            return;
        }
    }
    all.hidden.push_back({p.accumulators, {p.accumulators, p.accumulators + p.count}});
    memset(p.accumulators, 0xff, p.count * sizeof(float));
}

void cuemu::Worker::begin_products() {
    for (unsigned t = 0; t < block.threads; t++) {
        if (fibers[t].products) {
            *fibers[t].products = {};
        }
    }
}

void cuemu::end_products() {
    const cuemu_AsyncProducts* all = cuemu_current->products;
    if (all && !all->pending.empty()) {
        report(LAUNCH_FAILED, all->pending.front().product.pc, "wgmma that nobody waits for: %s", Where().text);
        fail_block();
    }
}

bool cuemu::is_register_of_product(const void* address, size_t bytes, bool write) {
    const cuemu_AsyncProducts* all = cuemu_current->products;
    if (!all) {
        return false;
    }
    auto p = (const char*)address;
    auto overlaps = [&](const void* registers, size_t size) {
        return p < (const char*)registers + size && (const char*)registers < p + bytes;
    };
    for (const Issued& i : all->pending) {
        if (overlaps(i.product.accumulators, i.product.count * sizeof(float))
                || (write && i.product.a && overlaps(i.product.a, 4 * sizeof(uint32_t)))) {
            return true;
        }
    }
    return false;
}

extern "C" void cuemu_product_fence() {
    products().fenced = true;
}

extern "C" void cuemu_product_issue(const cuemu_Product* product) {
    cuemu_AsyncProducts& all = products();
    all.pending.push_back({*product, all.group});
    all.pending.back().product.pc = __builtin_return_address(0);
    if (!all.fenced) {
        cuemu::report(cuemu::LAUNCH_FAILED, all.pending.back().product.pc,
                "wgmma without wgmma.fence since the last wait: %s", cuemu::Where().text);
        cuemu::fail_block();
    }
    hide(all, *product);
}

extern "C" void cuemu_product_commit() {
    products().group++;
}

extern "C" void cuemu_product_wait(int pending) {
    cuemu_AsyncProducts& all = products();
    int last = all.group - 1 - pending;
    std::vector<Issued> issued = std::move(all.pending);
    all.pending.clear();
    for (const Accumulators& a : all.hidden) {
        memcpy(a.registers, a.values.data(), a.values.size() * sizeof(float));
    }
    all.hidden.clear();
    all.fenced = false;
    for (const Issued& i : issued) {
        if (i.group <= last) {
            i.product.compute(&i.product);
        }
    }
    for (const Issued& i : issued) {
        if (i.group > last) {
            all.pending.push_back(i);
            hide(all, i.product);
        }
    }
}

extern "C" void cuemu_product_reads(const void* element, const cuemu_Product* product) {
    cuemu::checker::operand_access(element, 2, product->pc);
}

extern "C" void cuemu_fence_async_shared() {
    cuemu_Fiber* fiber = cuemu_current;
    fiber->fences++;
    if (fiber->lastFence.count && fiber->lastFence.barriers == fiber->barriers) {
        fiber->lastFence.count = fiber->fences;
    } else {
        fiber->earlierFence = fiber->lastFence;
        fiber->lastFence = {fiber->barriers, fiber->fences};
    }
}
