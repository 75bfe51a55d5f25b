#include "device_memory.h"

#include "checker.h"
#include "report.h"
#include "settings.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

namespace cuemu::device_memory {

namespace {

struct Mapping : Allocation {
    char* pages;
    size_t pageBytes;
};

constexpr size_t ALIGNMENT = 256;
constexpr unsigned char POISON = 0xff;
constexpr size_t POISON_BYTES = 16 << 20;

struct Range {
    char* base;
    /// Number of the allocation of each page.
    uint32_t* owner;
    /// A file of poison, mapped copy-on-write under every allocation: what is not written costs no memory.
    int poison;

    Range() {
        base = (char*)mmap(nullptr, ADDRESSES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        owner = (uint32_t*)mmap(nullptr, ADDRESSES / PAGE * sizeof(uint32_t), PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        poison = memfd_create("cuemu poison", MFD_CLOEXEC);
        bool made = base != MAP_FAILED && owner != MAP_FAILED && poison >= 0 && ftruncate(poison, POISON_BYTES) == 0;
        void* fill = made ? mmap(nullptr, POISON_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, poison, 0) : MAP_FAILED;
        if (fill == MAP_FAILED) {
            perror("cuemu: cannot reserve addresses for device memory");
            abort();
        }
        memset(fill, POISON, POISON_BYTES);
        munmap(fill, POISON_BYTES);
    }
};

// Deliberately never destroyed: kernels may run while the process ends.
Range& range() {
    static Range& made = *new Range;
    return made;
}

std::vector<Mapping> mappings(1); // number 0 means none
size_t next = PAGE;
size_t liveBytes, liveCount;

bool untouched(const char* from, const char* to) {
    for (; from < to; from++) {
        if ((unsigned char)*from != POISON) {
            return false;
        }
    }
    return true;
}

void unmap(Mapping& m) {
    mmap(m.pages, m.pageBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    m.live = false;
    liveBytes -= m.bytes;
    liveCount--;
    checker::forget(m.pages, m.pageBytes);
}

}

char* allocate(size_t bytes) {
    if (bytes > total_bytes() - liveBytes) {
        return nullptr;
    }
    size_t body = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    size_t pageBytes = (body + PAGE - 1) / PAGE * PAGE;
    if (next + pageBytes + PAGE > ADDRESSES) {
        fprintf(stderr, "cuemu: the emulator's addresses are used up\n");
        return nullptr;
    }
    char* pages = range().base + next;
    for (size_t done = 0; done < pageBytes; done += POISON_BYTES) {
        size_t part = pageBytes - done < POISON_BYTES ? pageBytes - done : POISON_BYTES;
        if (mmap(pages + done, part, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, range().poison, 0)
                == MAP_FAILED) {
            perror("cuemu: cannot map device memory");
            return nullptr;
        }
    }
    uint32_t number = (uint32_t)mappings.size();
    mappings.push_back({{pages + (pageBytes - body), bytes, true}, pages, pageBytes});
    for (size_t page = 0; page < pageBytes / PAGE; page++) {
        range().owner[next / PAGE + page] = number;
    }
    next += pageBytes + PAGE;
    liveBytes += bytes;
    liveCount++;
    return mappings[number].start;
}

bool release(char* start) {
    auto m = (Mapping*)find(start);
    if (!m || !m->live || m->start != start) {
        return false;
    }
    if (!untouched(m->pages, m->start) || !untouched(m->start + m->bytes, m->pages + m->pageBytes)) {
        report(ILLEGAL_ADDRESS, nullptr, "out-of-bounds write: bytes beside an allocation of %zu bytes at %p were "
                "overwritten, as found when it was freed", m->bytes, m->start);
    }
    unmap(*m);
    return true;
}

const Allocation* find(const void* address) {
    if (!contains(address)) {
        return nullptr;
    }
    uint32_t number = range().owner[offset(address) / PAGE];
    return number ? &mappings[number] : nullptr;
}

bool contains(const void* address) {
    return offset(address) < ADDRESSES;
}

size_t offset(const void* address) {
    return (size_t)((const char*)address - range().base);
}

bool is_allocated(const void* address, size_t bytes) {
    const Allocation* a = find(address);
    return a && a->live && (const char*)address >= a->start && (const char*)address + bytes <= a->start + a->bytes;
}

size_t live_bytes() { return liveBytes; }
size_t live_allocations() { return liveCount; }
size_t total_bytes() { return settings.memoryMegabytes << 20; }

void release_all() {
    for (Mapping& m : mappings) {
        if (m.live) {
            unmap(m);
        }
    }
}

}
