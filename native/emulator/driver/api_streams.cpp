// The driver's entry points for streams, events and graphs.

#include "context.h"
#include "settings.h"
#include "streams.h"

#include <algorithm>
#include <memory>

using namespace cuemu;

namespace {

std::vector<std::unique_ptr<Event>> events;
std::vector<std::unique_ptr<Graph>> graphs; // and instantiated ones

template <class T>
T* find(std::vector<std::unique_ptr<T>>& all, void* handle) {
    auto found = std::find_if(all.begin(), all.end(), [&](auto& one) { return one.get() == handle; });
    return found == all.end() ? nullptr : found->get();
}

template <class T>
int destroy(std::vector<std::unique_ptr<T>>& all, void* handle) {
    std::lock_guard lock(driverLock);
    streams::finish_all();
    return std::erase_if(all, [&](auto& one) { return one.get() == handle; }) ? SUCCESS : INVALID_HANDLE;
}

constexpr unsigned NON_BLOCKING = 1;
constexpr unsigned DISABLE_TIMING = 2;

}

/// Names the stream or event of a handle, or returns from the entry point.
#define FIND_STREAM(name) \
    Stream* name = streams::find(name##Handle); \
    if (!name) { \
        return INVALID_HANDLE; \
    }
#define FIND(type, name, all) \
    type* name = find(all, name##Handle); \
    if (!name) { \
        return INVALID_HANDLE; \
    }

size_t cuemu::live_events() { return events.size(); }
size_t cuemu::live_graphs() { return graphs.size(); }

CUEMU_EXPORT int cuStreamCreate(void** stream, unsigned flags) {
    CUEMU_ENTER(ready)
    *stream = streams::create(!(flags & NON_BLOCKING));
    return SUCCESS;
}

CUEMU_EXPORT int cuStreamCreateWithPriority(void** stream, unsigned flags, int) {
    return cuStreamCreate(stream, flags);
}

CUEMU_EXPORT int cuStreamDestroy_v2(void* streamHandle) {
    std::lock_guard lock(driverLock);
    FIND_STREAM(stream)
    streams::destroy(stream);
    return SUCCESS;
}

CUEMU_EXPORT int cuStreamSynchronize(void* streamHandle) {
    CUEMU_ENTER(ready)
    FIND_STREAM(stream)
    if (streams::is_captured(stream)) {
        return ready_outside_captures();
    }
    if ((uintptr_t)streamHandle <= 2) {
        streams::finish_blocking();
    }
    streams::finish(stream);
    return sticky();
}

CUEMU_EXPORT int cuStreamQuery(void* streamHandle) {
    CUEMU_ENTER(ready)
    FIND_STREAM(stream)
    return streams::is_finished(stream) ? SUCCESS : NOT_READY;
}

CUEMU_EXPORT int cuStreamWaitEvent(void* streamHandle, void* eventHandle, unsigned) {
    CUEMU_ENTER(ready)
    FIND_STREAM(stream)
    FIND(Event, event, events)
    return streams::wait(stream, event);
}

CUEMU_EXPORT int cuLaunchHostFunc(void* streamHandle, void (*function)(void*), void* argument) {
    CUEMU_ENTER(ready)
    FIND_STREAM(stream)
    return streams::put(stream, [=] { function(argument); });
}

CUEMU_EXPORT int cuEventCreate(void** event, unsigned flags) {
    CUEMU_ENTER(ready)
    events.push_back(std::make_unique<Event>(!(flags & DISABLE_TIMING)));
    *event = events.back().get();
    return SUCCESS;
}

CUEMU_EXPORT int cuEventDestroy_v2(void* event) {
    return destroy(events, event);
}

CUEMU_EXPORT int cuEventRecord(void* eventHandle, void* streamHandle) {
    CUEMU_ENTER(ready)
    FIND_STREAM(stream)
    FIND(Event, event, events)
    return streams::record(stream, event);
}

CUEMU_EXPORT int cuEventSynchronize(void* eventHandle) {
    CUEMU_ENTER(ready)
    FIND(Event, event, events)
    if (event->captured) {
        return ready_outside_captures();
    }
    streams::reach(event);
    return sticky();
}

CUEMU_EXPORT int cuEventQuery(void* eventHandle) {
    CUEMU_ENTER(ready)
    FIND(Event, event, events)
    return event->reached < event->recorded ? NOT_READY : SUCCESS;
}

CUEMU_EXPORT int cuEventElapsedTime(float* milliseconds, void* startHandle, void* endHandle) {
    CUEMU_ENTER(ready)
    FIND(Event, start, events)
    FIND(Event, end, events)
    if (!start->timed || !end->timed || start->recorded == 0 || end->recorded == 0) {
        return INVALID_HANDLE;
    }
    *milliseconds = (float)(end->milliseconds - start->milliseconds);
    return start->reached < start->recorded || end->reached < end->recorded ? NOT_READY : SUCCESS;
}

CUEMU_EXPORT int cuStreamBeginCapture_v2(void* streamHandle, int) {
    CUEMU_ENTER(ready)
    FIND_STREAM(stream)
    return streams::begin_capture(stream);
}

CUEMU_EXPORT int cuStreamEndCapture(void* streamHandle, void** graph) {
    CUEMU_ENTER(ready)
    FIND_STREAM(stream)
    *graph = nullptr;
    if (!streams::is_captured(stream)) {
        return STREAM_CAPTURE_UNSUPPORTED;
    }
    Graph* captured = streams::end_capture(stream);
    if (!captured) {
        return STREAM_CAPTURE_INVALIDATED;
    }
    graphs.emplace_back(captured);
    *graph = captured;
    return SUCCESS;
}

CUEMU_EXPORT int cuStreamIsCapturing(void* streamHandle, int* status) {
    CUEMU_ENTER(ready)
    FIND_STREAM(stream)
    *status = streams::is_captured(stream);
    return SUCCESS;
}

CUEMU_EXPORT int cuGraphInstantiateWithFlags(void** executable, void* graphHandle, unsigned long long) {
    CUEMU_ENTER(ready)
    FIND(Graph, graph, graphs)
    graphs.push_back(std::make_unique<Graph>(*graph));
    *executable = graphs.back().get();
    return SUCCESS;
}

CUEMU_EXPORT int cuGraphUpload(void*, void*) { return SUCCESS; }

static long graphLaunches;

CUEMU_EXPORT int cuGraphLaunch(void* graphHandle, void* streamHandle) {
    CUEMU_ENTER(ready)
    FIND_STREAM(stream)
    FIND(Graph, graph, graphs)
    graphLaunches++;
    Result result = SUCCESS;
    for (size_t i = 0; i < graph->calls.size() && result == SUCCESS; i++) {
        result = streams::put(stream, graph->calls[i]);
    }
    return result;
}

/// Launches of graphs since the library was loaded.
CUEMU_EXPORT long cuemu_graph_launches() { return graphLaunches; }

CUEMU_EXPORT int cuGraphDestroy(void* graph) {
    return destroy(graphs, graph);
}

CUEMU_EXPORT int cuGraphExecDestroy(void* executable) {
    return destroy(graphs, executable);
}
