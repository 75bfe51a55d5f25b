#include "workers.h"

#include "device_memory.h"
#include "modules.h"
#include "settings.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <sys/mman.h>
#include <thread>
#include <ucontext.h>

namespace cuemu {

thread_local Worker* thisWorker;

namespace {

constexpr size_t PAGE = device_memory::PAGE;

struct sigaction previousSegv, previousBus;

/// A fault in a kernel ends its block. Any other is for the handler that was there before: the JVM's own faults are
/// part of its work.
void on_fault(int signal, siginfo_t* info, void* context) {
    Worker* w = thisWorker;
    if (w && w->inKernel) {
        auto address = (const char*)info->si_addr;
        const char* memory = "a host address, or a misaligned vector access";
        if (device_memory::contains(address)) {
            memory = "device memory";
        } else if (address >= w->arena && address < w->arenaEnd + PAGE) {
            memory = "shared memory";
        } else if (w->on_stacks(address)) {
            memory = "beyond the thread's stack";
        }
        auto pc = (const char*)((ucontext_t*)context)->uc_mcontext.gregs[REG_RIP];
        report(ILLEGAL_ADDRESS, pc + 1, "memory fault: %s at %p, %s", memory, (const void*)address, Where().text);
        siglongjmp(w->escape, 1);
    }
    const struct sigaction& previous = signal == SIGSEGV ? previousSegv : previousBus;
    if (previous.sa_flags & SA_SIGINFO) {
        previous.sa_sigaction(signal, info, context);
    } else if (previous.sa_handler == SIG_DFL) {
        ::signal(signal, SIG_DFL);
    } else if (previous.sa_handler != SIG_IGN) {
        previous.sa_handler(signal);
    }
}

char* map(size_t bytes, int protection) {
    void* p = mmap(nullptr, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) {
        perror("cuemu: cannot map memory for blocks");
        abort();
    }
    return (char*)p;
}

/// Waits until the value is another. If it may, spins first for about as long as waking a thread would take: most
/// launches are short, and the next one follows soon.
template <class T>
void await_change(std::atomic<T>& value, T from, bool spin) {
    constexpr int SPINS = 2000;
    for (int i = 0; i < SPINS && spin && value == from; i++) {
        __builtin_ia32_pause();
    }
    value.wait(from);
}

class Pool {
    struct Member {
        std::atomic<unsigned long> launches{0}; // that it takes part in
    };
    std::deque<Member> members;
    std::atomic<unsigned> running{0};
    const Launch* launch = nullptr;
    const unsigned processors = std::max(std::thread::hardware_concurrency(), 1u);
    uint64_t blocks = 0;
    std::atomic<uint64_t> next{0};
    std::atomic<bool> stop{false};
    std::mutex countsLock;
    Counts counts{};

    /// Blocks run in an order that the seed chooses.
    uint64_t block_at(uint64_t place) const {
        uint64_t index = (place + settings.seed * 2654435761u) % blocks;
        return settings.seed % 2 ? blocks - 1 - index : index;
    }

    /// @param spin unless it would keep a processor from the caller of the driver
    void serve(Member& member, bool spin) {
        auto worker = new Worker{};
        worker->prepare();
        thisWorker = worker;
        for (unsigned long seen = 0;; seen++) {
            await_change(member.launches, seen, spin);
            worker->counts = {};
            worker->enter_module(*launch->kernel);
            uint64_t place;
            while (!stop && (place = next++) < blocks) {
                if (!worker->run(*launch, block_at(place))) {
                    stop = true;
                }
            }
            {
                std::lock_guard lock(countsLock);
                counts.add(worker->counts);
            }
            if (--running == 0) {
                running.notify_one();
            }
        }
    }

    void recruit() {
        if (members.empty()) {
            struct sigaction action {};
            action.sa_sigaction = on_fault;
            action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
            sigaction(SIGSEGV, &action, &previousSegv);
            sigaction(SIGBUS, &action, &previousBus);
        }
        while (members.size() < (size_t)settings.threads) {
            Member& member = members.emplace_back();
            std::thread([this, &member, spin = members.size() < processors] { serve(member, spin); }).detach();
        }
    }

public:
    void run(const Launch& l) {
        recruit();
        launch = &l;
        blocks = (uint64_t)l.grid.x * l.grid.y * l.grid.z;
        // The checker knows one block at a time.
        unsigned taking = settings.checked ? 1 : (unsigned)std::min<uint64_t>((uint64_t)settings.threads, blocks);
        next = 0;
        stop = false;
        running = taking;
        counts = {};
        counts.launches = 1;
        checker::begin_launch();
        for (unsigned i = 0; i < taking; i++) {
            members[i].launches++;
            members[i].launches.notify_one();
        }
        for (unsigned left = running; left != 0; left = running) {
            await_change(running, left, taking < processors);
        }
        count(l.kernel->name.c_str(), counts);
        print_reports();
    }
};

}

void Worker::prepare() {
    stacks = map(STACK_BYTES * MAX_THREADS, PROT_READ | PROT_WRITE);
    for (unsigned t = 0; t < MAX_THREADS; t++) { // the lowest page of each catches an overflow
        mprotect(stacks + t * STACK_BYTES, PAGE, PROT_NONE);
    }
    fibers = (cuemu_Fiber*)calloc(MAX_THREADS, sizeof(cuemu_Fiber));
    arena = map(ARENA_BYTES + PAGE, PROT_NONE);
    mprotect(arena, ARENA_BYTES, PROT_READ | PROT_WRITE);
    arenaEnd = arena + ARENA_BYTES;
    arenaCells = (checker::Cell*)map(ARENA_BYTES / checker::CELL_BYTES * sizeof(checker::Cell), PROT_READ | PROT_WRITE);
    // The handler must not run on a fiber's stack, which may be what is exhausted.
    stack_t own{};
    own.ss_size = 64 << 10;
    own.ss_sp = malloc(own.ss_size);
    sigaltstack(&own, nullptr);
}

void Worker::enter_module(const Kernel& kernel) {
    char* statics = kernel.library->thread_locals();
    if (statics == staticShared) {
        return;
    }
    staticShared = statics;
    staticBytes = kernel.library->threadLocalBytes;
    free(staticCells);
    staticCells = (checker::Cell*)calloc(staticBytes / checker::CELL_BYTES + 2, sizeof(checker::Cell));
}

bool Worker::on_stacks(const void* address) const {
    return (size_t)((const char*)address - stacks) < STACK_BYTES * MAX_THREADS;
}

void run(const Launch& launch) {
    // Deliberately never destroyed: its threads never end.
    static Pool& pool = *new Pool;
    pool.run(launch);
}

}
