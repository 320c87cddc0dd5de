// One ONNX file, run by an onnxruntime that is opened at run time. The contract of the file stands in engine/model.py.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

struct OrtApi;
struct OrtEnv;
struct OrtMemoryInfo;
struct OrtSession;
struct OrtStatus;
struct OrtValue;

namespace phaseaware {

using Complex = std::complex<float>;

constexpr std::size_t kFrameLength = 1024, kHop = 512, kBins = kFrameLength / 2 + 1;
constexpr std::size_t kMostFrames = 16;  // of one run: what a host's large block is worth (8192 samples)
constexpr unsigned kSampleRate = 48000;

enum class Mask { phase_aware, real };

// Why sound passes dry, or that it does not; the order is that of the plugin's read-only parameter.
enum class Status { working, no_runtime, no_model, wrong_model, wrong_rate, no_mask, run_failed };

struct Failure : std::runtime_error {
    Failure(Status status, const std::string& why) : std::runtime_error(why), status(status) {}
    Status status;
};

// Where the two files are: in the bundle that `binary` lies in, onnxruntime also in the Python package beside it.
struct Places {
    std::filesystem::path runtime, model;
};
Places places_beside(const std::filesystem::path& binary);

// Shared by all streams of the process; may be run from several threads at once.
class Model {
  public:
    // The model of these places, loaded once. Throws Failure. Allocates, locks, reads files.
    static std::shared_ptr<const Model> load(const Places&);

    std::size_t latency() const { return kFrameLength + lookahead * kHop; }
    bool offers(Mask mask) const { return !mask_names[static_cast<int>(mask)].empty(); }

    std::size_t lookahead = 0;
    std::string mask_names[2];  // of the outputs; empty where the model lacks the mask
    std::vector<std::string> state_names, next_names;
    std::vector<std::vector<std::int64_t>> state_shapes;

  private:
    friend class ModelStream;
    explicit Model(const Places&);
    void inspect();
    std::vector<std::int64_t> shape_of(bool input, std::size_t index) const;
    void require(bool condition, const std::string& what) const;
    void expect(OrtStatus*, const std::string& what) const;

    std::string file;
    const OrtApi* api;
    std::shared_ptr<OrtSession> session;
    std::shared_ptr<OrtMemoryInfo> memory;
};

// The state of one channel and all that a run needs, made beforehand: run() allocates nothing outside onnxruntime.
class ModelStream {
  public:
    explicit ModelStream(const std::shared_ptr<const Model>&);

    void reset();                           // zeros start a stream
    void follow(const ModelStream& other);  // take over its state
    Complex* spectrum() { return spectrum_.data(); }
    // Masks of the first `frames` frames of spectrum(); mask[t] belongs to frame t - lookahead. Null: it failed.
    const Complex* run(std::size_t frames, Mask mask);

  private:
    using Value = std::shared_ptr<OrtValue>;
    Value tensor(float* data, const std::vector<std::int64_t>& shape) const;

    std::shared_ptr<const Model> model_;
    std::vector<Complex> spectrum_, mask_;
    std::vector<std::vector<float>> states_[2];
    std::vector<Value> spectrum_values_, mask_values_, state_values_[2];
    std::vector<const char*> input_names_, output_names_;
    std::vector<const OrtValue*> inputs_;
    std::vector<OrtValue*> outputs_;
    int now_ = 0;  // which set of states holds the current ones
};

}  // namespace phaseaware
