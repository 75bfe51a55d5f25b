// Streams are queues of calls. Eager by default: a queue is empty when the call that filled it returns. Lazy: nothing
// runs before something waits for it, so that a missing wait shows every time.
#pragma once

#include "report.h"

#include <cstdint>
#include <functional>
#include <vector>

namespace cuemu {

using Call = std::function<void()>;

/// Calls in the order they were captured, which is one of the orders that their dependencies allow.
struct Graph {
    std::vector<Call> calls;
};

struct Stream;

struct Event {
    bool timed;
    // Of the records of this event, how many were queued and how many came about, the last one when and where.
    uint64_t recorded = 0, reached = 0;
    double milliseconds = 0;
    Stream* stream = nullptr;
    /// The stream whose capture recorded it.
    Stream* captured = nullptr;
};

/// Handles that the program has not destroyed.
size_t live_events();
size_t live_graphs();

namespace streams {

/// Null for a handle that is none. 0, 1 and 2 are the default stream.
Stream* find(void* handle);
Stream* create(bool blocking);
void destroy(Stream* stream);
size_t live();

/// Queues a call, or adds it to the capture. A call on the default stream comes after all blocking streams' and before
/// their later ones.
Result put(Stream* stream, Call call);

/// Runs what is queued.
void finish(Stream* stream);
void finish_all();
/// What a call on the default stream waits for.
void finish_blocking();
bool is_finished(const Stream* stream);

Result record(Stream* stream, Event* event);
Result wait(Stream* stream, Event* event);
/// Runs its stream up to the event.
void reach(Event* event);

/// Whether some stream is being captured.
bool capturing();
bool is_captured(const Stream* stream);
Result begin_capture(Stream* stream);
/// The captured graph, or null if something forbidden was called meanwhile.
Graph* end_capture(Stream* stream);
/// Something was called that a capture does not survive.
void spoil_captures();

}
}
