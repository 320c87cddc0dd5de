#include "model.hpp"

#include <dlfcn.h>
#include <onnxruntime_c_api.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <mutex>

namespace phaseaware {

namespace fs = std::filesystem;
namespace {

constexpr std::uint32_t kApiVersion = 17;  // of onnxruntime 1.17; later ones offer it too
constexpr const char* kSpectrum = "spectrum";
constexpr const char* kMaskNames[] = {"mask_phase_aware", "mask_real"};
constexpr std::size_t kMostLookahead = 8, kMostState = 1 << 24;

struct Runtime {
    const OrtApi* api;
    OrtEnv* env;
};

// Opened once and never closed, as onnxruntime keeps data of threads. Call with the lock of Model::load held.
Runtime open_runtime(const fs::path& path) {
    static std::map<fs::path, Runtime> opened;
    if (auto known = opened.find(path); known != opened.end()) return known->second;
    // Its official builds send usage data to their maker unless told not to before they start.
    setenv("ORT_DISABLE_TELEMETRY", "1", 0);
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) throw Failure(Status::no_runtime, dlerror());
    auto base = reinterpret_cast<const OrtApiBase* (*)()>(dlsym(library, "OrtGetApiBase"));
    Runtime runtime{base ? base()->GetApi(kApiVersion) : nullptr, nullptr};
    if (!runtime.api || runtime.api->CreateEnv(ORT_LOGGING_LEVEL_FATAL, "phaseaware", &runtime.env))
        throw Failure(Status::no_runtime, path.string() + " is not onnxruntime >= 1.17");
    return opened[path] = runtime;
}

fs::path library_in(const fs::path& folder) {
    std::error_code unreadable;
    for (const auto& entry : fs::directory_iterator(folder, unreadable))
        if (entry.path().filename().string().rfind("libonnxruntime.so", 0) == 0) return entry.path();
    return {};
}

}  // namespace

Places places_beside(const fs::path& binary) {
    // VST3: NAME.vst3/Contents/ARCHITECTURE/NAME.so and NAME.vst3/Contents/Resources. LV2: NAME.lv2/Resources.
    const bool vst3 = binary.parent_path().parent_path().filename() == "Contents";
    const fs::path contents = vst3 ? binary.parent_path().parent_path() : binary.parent_path();
    const fs::path bundle = vst3 ? contents.parent_path() : contents, resources = contents / "Resources";
    const fs::path packages = bundle.parent_path().parent_path();  // a wheel's bundle is in site-packages/PACKAGE
    const std::string wanted = " in " + resources.string() + "; `phaseaware plugin install` puts it there";
    Places found{library_in(resources), resources / "model.onnx"};
    if (found.runtime.empty()) found.runtime = library_in(packages / "onnxruntime" / "capi");
    if (found.runtime.empty()) throw Failure(Status::no_runtime, "no libonnxruntime.so" + wanted);
    std::error_code unreadable;
    if (!fs::exists(found.model, unreadable)) throw Failure(Status::no_model, "no model.onnx" + wanted);
    return found;
}

void Model::require(bool condition, const std::string& what) const {
    if (!condition) throw Failure(Status::wrong_model, file + ": " + what);
}

void Model::expect(OrtStatus* status, const std::string& what) const {
    if (!status) return;
    const std::string message = api->GetErrorMessage(status);
    api->ReleaseStatus(status);
    throw Failure(Status::wrong_model, file + ": " + what + " (" + message.substr(0, message.find('\n')) + ")");
}

std::shared_ptr<const Model> Model::load(const Places& places) {
    static std::mutex loading;
    static std::map<fs::path, std::weak_ptr<const Model>> loaded;
    const std::lock_guard<std::mutex> lock(loading);
    if (auto known = loaded[places.model].lock()) return known;
    const std::shared_ptr<const Model> model(new Model(places));
    // Each number of frames is tried, so that onnxruntime's arena has grown before sound runs.
    ModelStream stream(model);
    for (std::size_t frames = 1; frames <= kMostFrames; ++frames)
        for (Mask mask : {Mask::phase_aware, Mask::real}) {
            if (!model->offers(mask)) continue;
            const Complex* found = stream.run(frames, mask);
            model->require(found, "a run on " + std::to_string(frames) + " silent frames fails");
            model->require(std::all_of(found, found + frames * kBins,
                                       [](Complex m) { return std::isfinite(m.real()) && std::isfinite(m.imag()); }),
                           "its mask is not finite for silence");
        }
    loaded[places.model] = model;
    return model;
}

Model::Model(const Places& places) : file(places.model.filename().string()) {
    const Runtime runtime = open_runtime(places.runtime);
    api = runtime.api;
    OrtSessionOptions* raw = nullptr;
    expect(api->CreateSessionOptions(&raw), "no session options");
    const std::shared_ptr<OrtSessionOptions> options(raw, api->ReleaseSessionOptions);
    expect(api->SetIntraOpNumThreads(raw, 1), "threads");
    expect(api->SetInterOpNumThreads(raw, 1), "threads");
    expect(api->SetSessionExecutionMode(raw, ORT_SEQUENTIAL), "execution mode");
    expect(api->AddSessionConfigEntry(raw, "session.intra_op.allow_spinning", "0"), "spinning");
    // Content that looks like onnxruntime's own format would otherwise be taken for it.
    expect(api->AddSessionConfigEntry(raw, "session.load_model_format", "ONNX"), "format");
    OrtMemoryInfo* raw_memory = nullptr;
    expect(api->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &raw_memory), "memory");
    memory.reset(raw_memory, api->ReleaseMemoryInfo);
    OrtSession* raw_session = nullptr;
    expect(api->CreateSession(runtime.env, places.model.c_str(), raw, &raw_session), "not an ONNX model that loads");
    session.reset(raw_session, api->ReleaseSession);
    inspect();
}

void Model::inspect() {
    OrtAllocator* allocator = nullptr;
    expect(api->GetAllocatorWithDefaultOptions(&allocator), "allocator");
    const auto text = [&](char* raw) {
        const std::string copy = raw ? raw : "";
        if (raw) expect(api->AllocatorFree(allocator, raw), "free");
        return copy;
    };
    OrtModelMetadata* raw = nullptr;
    expect(api->SessionGetModelMetadata(session.get(), &raw), "metadata");
    const std::shared_ptr<OrtModelMetadata> metadata(raw, api->ReleaseModelMetadata);
    const auto entry = [&](const char* key) {
        char* value = nullptr;
        expect(api->ModelMetadataLookupCustomMetadataMap(raw, allocator, key, &value), key);
        return text(value);
    };
    for (const auto& [key, value] : std::map<const char*, std::string>{{"phaseaware_contract", "1"},
                                                                       {"sample_rate", std::to_string(kSampleRate)},
                                                                       {"frame_length", std::to_string(kFrameLength)},
                                                                       {"hop", std::to_string(kHop)}})
        require(entry(key) == value, std::string("metadata ") + key + "='" + entry(key) + "' is not '" + value + "'");
    const std::string ahead = entry("lookahead_frames");
    require(ahead.size() == 1 && ahead[0] >= '0' && ahead[0] <= '0' + int(kMostLookahead),
            "lookahead_frames='" + ahead + "' is not from 0 to " + std::to_string(kMostLookahead));
    lookahead = ahead[0] - '0';

    std::size_t inputs = 0, outputs = 0;
    expect(api->SessionGetInputCount(session.get(), &inputs), "inputs");
    expect(api->SessionGetOutputCount(session.get(), &outputs), "outputs");
    std::vector<std::string> given;
    for (std::size_t i = 0; i < outputs; ++i) {
        char* name = nullptr;
        expect(api->SessionGetOutputName(session.get(), i, allocator, &name), "outputs");
        given.push_back(text(name));
        for (int mask : {0, 1})
            if (given.back() == kMaskNames[mask]) {
                shape_of(false, i);
                mask_names[mask] = given.back();
            }
    }
    require(offers(Mask::phase_aware) || offers(Mask::real), "it offers neither mask_phase_aware nor mask_real");
    bool hears = false;
    std::size_t total = 0;
    for (std::size_t i = 0; i < inputs; ++i) {
        char* raw_name = nullptr;
        expect(api->SessionGetInputName(session.get(), i, allocator, &raw_name), "inputs");
        const std::string name = text(raw_name), next = "next_" + name;
        const std::vector<std::int64_t> shape = shape_of(true, i);
        if (name == kSpectrum) {
            require(shape.size() == 4 && shape[1] < 0 && shape[2] == kBins && shape[3] == 2,
                    "spectrum is not of shape [1, T, 513, 2] with any T");
            hears = true;
            continue;
        }
        require(std::find(given.begin(), given.end(), next) != given.end(), "the output " + next + " is missing");
        std::size_t size = 1;
        for (std::int64_t d : shape) {
            require(d > 0 && d <= std::int64_t(kMostState), name + " is not of fixed shape");
            require((size *= d) <= kMostState, name + " is too large");
        }
        require((total += size) <= kMostState, "its states are too large");
        state_names.push_back(name);
        next_names.push_back(next);
        state_shapes.push_back(shape);
    }
    require(hears, "the input spectrum is missing");
}

std::vector<std::int64_t> Model::shape_of(bool input, std::size_t index) const {
    OrtTypeInfo* raw = nullptr;
    const auto ask = input ? api->SessionGetInputTypeInfo : api->SessionGetOutputTypeInfo;
    expect(ask(session.get(), index, &raw), "types");
    const std::shared_ptr<OrtTypeInfo> info(raw, api->ReleaseTypeInfo);
    const OrtTensorTypeAndShapeInfo* tensor = nullptr;
    expect(api->CastTypeInfoToTensorInfo(raw, &tensor), "types");
    ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
    require(tensor && !api->GetTensorElementType(tensor, &type) && type == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT,
            "inputs, masks and states are not all tensors of float32");
    std::size_t axes = 0;
    expect(api->GetDimensionsCount(tensor, &axes), "shapes");
    std::vector<std::int64_t> shape(axes);
    expect(api->GetDimensions(tensor, shape.data(), axes), "shapes");
    return shape;
}

ModelStream::ModelStream(const std::shared_ptr<const Model>& model)
    : model_(model), spectrum_(kMostFrames * kBins), mask_(kMostFrames * kBins) {
    const Model& m = *model_;
    for (std::int64_t frames = 1; frames <= std::int64_t(kMostFrames); ++frames) {
        const std::vector<std::int64_t> shape{1, frames, std::int64_t(kBins), 2};
        spectrum_values_.push_back(tensor(reinterpret_cast<float*>(spectrum_.data()), shape));
        mask_values_.push_back(tensor(reinterpret_cast<float*>(mask_.data()), shape));
    }
    for (int set : {0, 1})
        for (const auto& shape : m.state_shapes) {
            std::size_t size = 1;
            for (std::int64_t d : shape) size *= d;
            states_[set].emplace_back(size);
            state_values_[set].push_back(tensor(states_[set].back().data(), shape));
        }
    input_names_.push_back(kSpectrum);
    output_names_.push_back(nullptr);
    for (std::size_t i = 0; i < m.state_names.size(); ++i) {
        input_names_.push_back(m.state_names[i].c_str());
        output_names_.push_back(m.next_names[i].c_str());
    }
    inputs_.resize(input_names_.size());
    outputs_.resize(output_names_.size());
}

ModelStream::Value ModelStream::tensor(float* data, const std::vector<std::int64_t>& shape) const {
    std::size_t size = 1;
    for (std::int64_t d : shape) size *= d;
    OrtValue* value = nullptr;
    model_->expect(
        model_->api->CreateTensorWithDataAsOrtValue(model_->memory.get(), data, size * sizeof(float), shape.data(),
                                                    shape.size(), ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &value),
        "tensors");
    return Value(value, model_->api->ReleaseValue);
}

void ModelStream::reset() {
    for (auto& state : states_[now_]) std::fill(state.begin(), state.end(), 0.0f);
}

void ModelStream::follow(const ModelStream& other) {
    for (std::size_t i = 0; i < states_[now_].size(); ++i)
        std::copy(other.states_[other.now_][i].begin(), other.states_[other.now_][i].end(), states_[now_][i].begin());
}

const Complex* ModelStream::run(std::size_t frames, Mask mask) {
    inputs_[0] = spectrum_values_[frames - 1].get();
    outputs_[0] = mask_values_[frames - 1].get();
    output_names_[0] = model_->mask_names[static_cast<int>(mask)].c_str();
    for (std::size_t i = 1; i < inputs_.size(); ++i) {
        inputs_[i] = state_values_[now_][i - 1].get();
        outputs_[i] = state_values_[1 - now_][i - 1].get();
    }
    if (OrtStatus* failure = model_->api->Run(model_->session.get(), nullptr, input_names_.data(), inputs_.data(),
                                              inputs_.size(), output_names_.data(), outputs_.size(), outputs_.data())) {
        model_->api->ReleaseStatus(failure);
        return nullptr;
    }
    now_ = 1 - now_;
    return mask_.data();
}

}  // namespace phaseaware
