// Stands in for onnxruntime: the real one, opened from beside this file, whose runs the host is told of, and which fail
// after as many as fail_after() or, before the first, FAIL_AFTER says.

#include <dlfcn.h>
#include <onnxruntime_c_api.h>

#include <atomic>
#include <cstdlib>
#include <string>

namespace {

OrtApi counted;
std::atomic<long> left{std::getenv("FAIL_AFTER") ? std::atol(std::getenv("FAIL_AFTER")) : -1};
decltype(OrtApi::Run) real_run;

template <typename Function>
Function found(void* library, const char* name) {
    return reinterpret_cast<Function>(dlsym(library, name));
}

OrtStatus* run(OrtSession* session, const OrtRunOptions* options, const char* const* names,
               const OrtValue* const* inputs, std::size_t input_count, const char* const* output_names,
               std::size_t output_count, OrtValue** outputs) noexcept {
    static const auto begins = found<void (*)()>(RTLD_DEFAULT, "run_begins"),
                      ends = found<void (*)()>(RTLD_DEFAULT, "run_ends");
    if (left == 0) return counted.CreateStatus(ORT_FAIL, "as asked");
    if (left > 0) --left;
    if (begins) begins();
    OrtStatus* status = real_run(session, options, names, inputs, input_count, output_names, output_count, outputs);
    if (ends) ends();
    return status;
}

const OrtApi* api(std::uint32_t version) noexcept {
    Dl_info info{};
    dladdr(reinterpret_cast<const void*>(&run), &info);
    const std::string path = info.dli_fname;
    void* library = dlopen((path.substr(0, path.rfind('/')) + "/real.so").c_str(), RTLD_NOW | RTLD_LOCAL);
    const OrtApi* real = found<const OrtApiBase* (*)()>(library, "OrtGetApiBase")()->GetApi(version);
    counted = *real;
    real_run = real->Run;
    counted.Run = run;
    return &counted;
}

const OrtApiBase base{api, []() noexcept { return "counted"; }};

}  // namespace

extern "C" {
const OrtApiBase* OrtGetApiBase() noexcept { return &base; }
void fail_after(long runs) { left = runs; }
}
