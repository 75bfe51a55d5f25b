#include "workers.h"

#include "device_memory.h"
#include "modules.h"
#include "settings.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
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

class Pool {
    std::mutex lock;
    std::condition_variable begin, end;
    const Launch* launch = nullptr;
    unsigned long started = 0; // launches
    unsigned running = 0, members = 0, taking = 0;
    uint64_t blocks = 0;
    std::atomic<uint64_t> next{0};
    std::atomic<bool> stop{false};
    Counts counts{};

    /// Blocks run in an order that the seed chooses.
    uint64_t block_at(uint64_t place) const {
        uint64_t index = (place + settings.seed * 2654435761u) % blocks;
        return settings.seed % 2 ? blocks - 1 - index : index;
    }

    void serve(unsigned member) {
        auto worker = new Worker{};
        worker->prepare();
        thisWorker = worker;
        unsigned long seen = 0;
        std::unique_lock guard(lock);
        for (;;) {
            begin.wait(guard, [&] { return started != seen; });
            seen = started;
            if (member < taking) {
                const Launch* own = launch;
                guard.unlock();
                worker->counts = {};
                worker->enter_module(*own->kernel);
                uint64_t place;
                while (!stop && (place = next++) < blocks) {
                    if (!worker->run(*own, block_at(place))) {
                        stop = true;
                    }
                }
                guard.lock();
                counts.add(worker->counts);
            }
            if (--running == 0) {
                end.notify_all();
            }
        }
    }

    void recruit() {
        if (members == 0) {
            struct sigaction action {};
            action.sa_sigaction = on_fault;
            action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
            sigaction(SIGSEGV, &action, &previousSegv);
            sigaction(SIGBUS, &action, &previousBus);
        }
        for (; members < (unsigned)settings.threads; members++) {
            std::thread([this, member = members] { serve(member); }).detach();
        }
    }

public:
    void run(const Launch& l) {
        std::unique_lock guard(lock);
        recruit();
        launch = &l;
        blocks = (uint64_t)l.grid.x * l.grid.y * l.grid.z;
        // The checker knows one block at a time.
        taking = settings.checked ? 1 : (unsigned)std::min<uint64_t>((uint64_t)settings.threads, blocks);
        next = 0;
        stop = false;
        running = members;
        counts = {};
        counts.launches = 1;
        checker::begin_launch();
        started++;
        begin.notify_all();
        end.wait(guard, [&] { return running == 0; });
        count(l.kernel->name.c_str(), counts);
        guard.unlock();
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
