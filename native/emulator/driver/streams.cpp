#include "streams.h"

#include "../shim/abi.h"
#include "settings.h"

#include <algorithm>
#include <ctime>
#include <deque>
#include <memory>

namespace cuemu {

namespace {

struct Queued {
    Call call;
    /// Waits until this event's record of this number has been reached, before the call.
    Event* event = nullptr;
    uint64_t number = 0;
    /// Runs in a failed context too.
    bool always = false;
};

}

struct Stream {
    bool blocking;
    std::deque<Queued> queue;
    /// While the stream is captured; shared by the streams that joined by an event.
    std::shared_ptr<Graph> capture;
    bool spoiled = false;
};

namespace streams {

namespace {

Stream defaultStream{true, {}, nullptr};
std::vector<std::unique_ptr<Stream>> created;

template <class F>
void each(F f) {
    f(&defaultStream);
    for (auto& stream : created) {
        f(stream.get());
    }
}

void run_first(Stream* stream) {
    Queued first = std::move(stream->queue.front());
    stream->queue.pop_front();
    if (first.event) {
        while (first.event->reached < first.number && !is_finished(first.event->stream)) {
            run_first(first.event->stream);
        }
    }
    if (first.call && (first.always || sticky() == SUCCESS)) {
        first.call();
    }
}

Result queue(Stream* stream, Queued queued) {
    stream->queue.push_back(std::move(queued));
    if (!settings.lazy) {
        finish(stream);
    }
    return SUCCESS;
}

double now() {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

}

Stream* find(void* handle) {
    if ((uintptr_t)handle <= 2) {
        return &defaultStream;
    }
    auto found = std::find_if(created.begin(), created.end(), [&](auto& s) { return s.get() == handle; });
    return found == created.end() ? nullptr : found->get();
}

Stream* create(bool blocking) {
    created.push_back(std::make_unique<Stream>(blocking));
    return created.back().get();
}

void destroy(Stream* stream) {
    finish(stream);
    std::erase_if(created, [&](auto& s) { return s.get() == stream; });
}

size_t live() { return created.size(); }

Result put(Stream* stream, Call call) {
    if (stream->capture) {
        stream->capture->calls.push_back(std::move(call));
        return SUCCESS;
    }
    if (stream == &defaultStream) {
        bool implicit = false;
        each([&](Stream* s) { implicit |= s->blocking && s->capture; });
        if (implicit) {
            spoil_captures();
            return STREAM_CAPTURE_IMPLICIT;
        }
        finish_blocking();
    } else if (stream->blocking) {
        finish(&defaultStream);
    }
    return queue(stream, {std::move(call)});
}

void finish(Stream* stream) {
    while (!is_finished(stream)) {
        run_first(stream);
    }
}

void finish_all() {
    each([](Stream* s) { finish(s); });
}

void finish_blocking() {
    each([](Stream* s) {
        if (s->blocking) {
            finish(s);
        }
    });
}

bool is_finished(const Stream* stream) {
    return stream->queue.empty();
}

Result record(Stream* stream, Event* event) {
    event->captured = stream->capture ? stream : nullptr;
    if (stream->capture) {
        return SUCCESS;
    }
    event->stream = stream;
    uint64_t number = ++event->recorded;
    return queue(stream, {[=] {
        event->reached = number;
        event->milliseconds = now();
    }, nullptr, 0, true});
}

Result wait(Stream* stream, Event* event) {
    if (event->captured) {
        stream->capture = event->captured->capture;
        return SUCCESS;
    }
    if (stream->capture) { // an event from outside the capture
        spoil_captures();
        return STREAM_CAPTURE_UNSUPPORTED;
    }
    return event->recorded == 0 ? SUCCESS : queue(stream, {nullptr, event, event->recorded});
}

void reach(Event* event) {
    while (event->reached < event->recorded && !is_finished(event->stream)) {
        run_first(event->stream);
    }
}

bool capturing() {
    bool some = false;
    each([&](Stream* s) { some |= s->capture != nullptr; });
    return some;
}

bool is_captured(const Stream* stream) {
    return stream->capture != nullptr;
}

Result begin_capture(Stream* stream) {
    if (stream == &defaultStream || stream->capture) {
        return STREAM_CAPTURE_UNSUPPORTED;
    }
    stream->capture = std::make_shared<Graph>();
    stream->spoiled = false;
    return SUCCESS;
}

Graph* end_capture(Stream* stream) {
    std::shared_ptr<Graph> captured = stream->capture;
    each([&](Stream* s) {
        if (s->capture == captured) {
            s->capture = nullptr;
        }
    });
    return stream->spoiled ? nullptr : new Graph(*captured);
}

void spoil_captures() {
    each([](Stream* s) { s->spoiled |= s->capture != nullptr; });
}

}
}

extern "C" void cuemu_enqueue(void* handle, void (*function)(void*), void* argument, void (*release)(void*)) {
    std::lock_guard lock(cuemu::driverLock);
    std::shared_ptr<void> kept(argument, release); // a graph may run it many times
    if (cuemu::Stream* stream = cuemu::streams::find(handle)) {
        cuemu::streams::put(stream, [=] { function(kept.get()); });
    }
}
