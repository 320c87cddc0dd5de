// A host that counts: loads a VST3, plays noise through it, and tells on stdout, as JSON, what the calls of process()
// allocated and locked outside onnxruntime, how long they took, and which values of read-only parameters came out.
//
//     host PLUGIN.so CHANNELS RATE BLOCK SECONDS AUTOMATE
//
// AUTOMATE is the number of controls (the first ones) that take a new value in every block.

#include <dlfcn.h>
#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <random>
#include <vector>

#include "travesty/audio_processor.h"
#include "travesty/component.h"
#include "travesty/factory.h"

namespace {

thread_local bool processing = false, counting = false;
long allocations = 0, locks = 0, runs = 0;

template <typename Function>
Function next(const char* name) {
    return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);

void* malloc(std::size_t size) { return allocations += counting, __libc_malloc(size); }
void* calloc(std::size_t count, std::size_t size) { return allocations += counting, __libc_calloc(count, size); }
void* realloc(void* old, std::size_t size) { return allocations += counting, __libc_realloc(old, size); }
void* memalign(std::size_t unit, std::size_t size) { return allocations += counting, __libc_memalign(unit, size); }
void* aligned_alloc(std::size_t unit, std::size_t size) { return memalign(unit, size); }
int posix_memalign(void** made, std::size_t unit, std::size_t size) { return *made = memalign(unit, size), 0; }
void free(void* old) { allocations += counting, __libc_free(old); }

int pthread_mutex_lock(pthread_mutex_t* mutex) {
    static const auto lock = next<int (*)(pthread_mutex_t*)>("pthread_mutex_lock");
    return locks += counting, lock(mutex);
}

// Called by the library that stands in for onnxruntime, before and after a run.
void run_begins() { counting = false; }
void run_ends() { counting = processing, runs += processing; }
}

namespace {

// Parameter changes of one block: a point at its start each.
struct Queue {
    v3_param_value_queue_cpp table{};
    v3_param_value_queue_cpp* handle = &table;
    v3_param_id id = 0;
    double value = 0;

    static Queue* of(void* self) { return reinterpret_cast<Queue*>(*static_cast<v3_param_value_queue_cpp**>(self)); }
    Queue() {
        table.queue.get_param_id = [](void* self) { return of(self)->id; };
        table.queue.get_point_count = [](void*) { return int32_t(1); };
        table.queue.get_point = [](void* self, int32_t, int32_t* offset, double* value) {
            return *offset = 0, *value = of(self)->value, v3_result(V3_OK);
        };
        table.queue.add_point = [](void* self, int32_t, double value, int32_t*) {
            return of(self)->value = value, v3_result(V3_OK);
        };
    }
};

struct Changes {
    v3_param_changes_cpp table{};
    v3_param_changes_cpp* handle = &table;
    Queue queues[16];
    int32_t count = 0;

    static Changes* of(void* self) { return reinterpret_cast<Changes*>(*static_cast<v3_param_changes_cpp**>(self)); }
    Changes() {
        table.changes.get_param_count = [](void* self) { return of(self)->count; };
        table.changes.get_param_data = [](void* self, int32_t index) { return of(self)->queue(index); };
        table.changes.add_param_data = [](void* self, v3_param_id* id, int32_t* index) {
            Changes* changes = of(self);
            changes->queues[*index = changes->count++].id = *id;
            return changes->queue(*index);
        };
    }
    v3_param_value_queue** queue(int32_t index) {
        return reinterpret_cast<v3_param_value_queue**>(&queues[index].handle);
    }
    v3_param_changes** changes() { return reinterpret_cast<v3_param_changes**>(&handle); }
};

[[noreturn]] void give_up(const char* why) {
    std::fprintf(stderr, "host: %s\n", why);
    std::exit(1);
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 7) give_up("PLUGIN.so CHANNELS RATE BLOCK SECONDS AUTOMATE");
    const int channels = std::atoi(arguments[2]), block = std::atoi(arguments[4]), automate = std::atoi(arguments[6]);
    const double rate = std::atof(arguments[3]), seconds = std::atof(arguments[5]);

    void* library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
    if (!library) give_up(dlerror());
    reinterpret_cast<bool (*)(void*)>(dlsym(library, "ModuleEntry"))(library);
    auto** factory =
        static_cast<v3_plugin_factory**>(reinterpret_cast<void* (*)()>(dlsym(library, "GetPluginFactory"))());
    v3_class_info info{};
    v3_cpp_obj(factory)->get_class_info(factory, 0, &info);
    v3_component** component = nullptr;
    v3_cpp_obj(factory)->create_instance(factory, info.class_id, v3_component_iid,
                                         reinterpret_cast<void**>(&component));
    if (!component) give_up("no component");
    v3_cpp_obj_initialize(component, nullptr);
    v3_audio_processor** processor = nullptr;
    v3_cpp_obj_query_interface(component, v3_audio_processor_iid, &processor);
    if (!processor) give_up("no processor");
    auto* calls = v3_cpp_obj(processor);
    const unsigned constructed = calls->get_latency_samples(processor);
    v3_process_setup setup{V3_REALTIME, V3_SAMPLE_32, block, rate};
    calls->setup_processing(processor, &setup);
    for (int direction : {V3_INPUT, V3_OUTPUT})
        v3_cpp_obj(component)->activate_bus(component, V3_AUDIO, direction, 0, true);
    v3_cpp_obj(component)->set_active(component, true);

    std::mt19937 random(7);
    std::uniform_real_distribution<float> noise(-0.3f, 0.3f), anywhere(0, 1);
    std::vector<std::vector<float>> sound(channels, std::vector<float>(block)), made = sound;
    std::vector<float*> in, out;
    for (auto& channel : sound) in.push_back(channel.data());
    for (auto& channel : made) out.push_back(channel.data());
    v3_audio_bus_buffers inputs{channels, 0, {in.data()}}, outputs{channels, 0, {out.data()}};
    Changes incoming, outgoing;
    v3_process_data data{V3_REALTIME,        V3_SAMPLE_32,       block,   1,       1,      &inputs, &outputs,
                         incoming.changes(), outgoing.changes(), nullptr, nullptr, nullptr};
    std::vector<double> durations;
    std::map<unsigned, double> told;
    bool finite = true;
    for (double done = 0; done < seconds * rate; done += block) {
        for (auto& channel : sound)
            for (float& x : channel) x = noise(random);
        incoming.count = automate;
        for (int i = 0; i < automate; ++i) incoming.queues[i].id = 1 + i, incoming.queues[i].value = anywhere(random);
        outgoing.count = 0;
        const auto start = std::chrono::steady_clock::now();
        processing = counting = true;
        calls->process(processor, &data);
        processing = counting = false;
        durations.push_back(
            std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
        for (int i = 0; i < outgoing.count; ++i) told[outgoing.queues[i].id] = outgoing.queues[i].value;
        for (auto& channel : made)
            for (float y : channel) finite = finite && y > -10 && y < 10;
    }
    std::sort(durations.begin(), durations.end());
    std::printf(
        "{\"latency_constructed\": %u, \"latency\": %u, \"blocks\": %zu, \"runs\": %ld, \"allocations\": %ld, "
        "\"locks\": %ld, \"finite\": %s, \"median_ms\": %.4f, \"p99_ms\": %.4f, \"told\": {",
        constructed, calls->get_latency_samples(processor), durations.size(), runs, allocations, locks,
        finite ? "true" : "false", durations[durations.size() / 2], durations[durations.size() * 99 / 100]);
    const char* comma = "";
    for (const auto& [id, value] : told) std::printf("%s\"%u\": %g", comma, id, value), comma = ", ";
    std::printf("}}\n");
    v3_cpp_obj(component)->set_active(component, false);
    v3_cpp_obj_unref(processor);
    v3_cpp_obj_terminate(component);
    v3_cpp_obj_unref(component);
    v3_cpp_obj_unref(factory);
}
