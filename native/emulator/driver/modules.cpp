#include "modules.h"

#include "settings.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>

extern "C" void* __tls_get_addr(void*);

namespace cuemu {

namespace {

// Deliberately never destroyed: kernels may run while the process ends.
std::map<std::string, Library>& libraries() { // by their bytes
    static auto& all = *new std::map<std::string, Library>;
    return all;
}

/// Shared memory that a kernel gets without asking, static and dynamic.
constexpr int DEFAULT_SHARED = 48 << 10;

size_t liveModules;
/// Filled by the constructors of a library while it is loaded.
std::map<std::string, Kernel>* registering;

void find_ranges(Library& library) {
    link_map* map;
    dlinfo(library.handle, RTLD_DI_LINKMAP, &map);
    dlinfo(library.handle, RTLD_DI_TLS_MODID, &library.threadLocalModule);
    struct Search {
        Library& library;
        ElfW(Addr) base;
    } search{library, map->l_addr};
    dl_iterate_phdr([](dl_phdr_info* info, size_t, void* data) {
        auto& [found, base] = *(Search*)data;
        if (info->dlpi_addr != base) {
            return 0;
        }
        for (int i = 0; i < info->dlpi_phnum; i++) {
            const auto& header = info->dlpi_phdr[i];
            auto begin = (const char*)(info->dlpi_addr + header.p_vaddr);
            if (header.p_type == PT_TLS) {
                found.threadLocalBytes = header.p_memsz;
            } else if (header.p_type == PT_LOAD) {
                found.begin = found.begin && found.begin < begin ? found.begin : begin;
                found.end = found.end > begin + header.p_memsz ? found.end : begin + header.p_memsz;
            }
        }
        return 1;
    }, &search);
}

/// dlopen of bytes: through a file in memory, which stays open because dlopen knows libraries by their path.
bool open(Library& library, std::string_view bytes) {
    int file = memfd_create("cuemu module", 0);
    for (size_t done = 0; done < bytes.size();) {
        ssize_t n = write(file, bytes.data() + done, bytes.size() - done);
        if (n <= 0) {
            perror("cuemu: cannot write a module to memory");
            return false;
        }
        done += (size_t)n;
    }
    std::string path = "/proc/self/fd/" + std::to_string(file);
    registering = &library.kernels;
    library.handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    registering = nullptr;
    if (!library.handle) {
        fprintf(stderr, "cuemu: %s\n", dlerror());
        close(file);
        return false;
    }
    find_ranges(library);
    for (auto& [name, kernel] : library.kernels) {
        kernel.library = &library;
        kernel.maxDynamicShared = std::max(0, DEFAULT_SHARED - (int)library.threadLocalBytes);
    }
    return true;
}

}

char* Library::thread_locals() const {
    if (threadLocalBytes == 0) {
        return nullptr;
    }
    size_t index[2] = {threadLocalModule, 0};
    return (char*)__tls_get_addr(index);
}

Module* load_module(const void* image) {
    auto header = (const Elf64_Ehdr*)image;
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_machine != EM_X86_64) {
        fprintf(stderr, "cuemu: the image is no module made by native/build-emulator\n");
        return nullptr;
    }
    std::string bytes((const char*)image, header->e_shoff + (size_t)header->e_shnum * header->e_shentsize);
    auto [entry, fresh] = libraries().try_emplace(bytes);
    if (fresh && !open(entry->second, bytes)) {
        libraries().erase(entry);
        return nullptr;
    }
    for (const auto& [name, kernel] : entry->second.kernels) {
        if (settings.checked && !kernel.checked) {
            fprintf(stderr, "cuemu: checked mode needs modules whose name ends in .chk.so\n");
            return nullptr;
        }
    }
    liveModules++;
    return new Module{&entry->second, entry->second.kernels};
}

void unload_module(Module* module) {
    liveModules--;
    delete module;
}

size_t live_modules() { return liveModules; }

bool in_module(const void* address) {
    for (const auto& [bytes, library] : libraries()) {
        if ((const char*)address >= library.begin && (const char*)address < library.end) {
            return true;
        }
    }
    return false;
}

}

extern "C" void cuemu_register(
        const char* name, cuemu_Trampoline trampoline, int count, const uint16_t* sizes, unsigned maxThreads,
        int checked) {
    (*cuemu::registering)[name] = {name, trampoline, {sizes, sizes + count}, maxThreads, checked != 0, nullptr, 0};
}
