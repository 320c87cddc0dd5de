// The plugin as hosts see it: controls, latency, and a reason where sound passes dry.

#include <dlfcn.h>

#include <DistrhoPlugin.hpp>
#include <array>
#include <atomic>
#include <cstdio>
#include <vector>

#include "stream.hpp"

START_NAMESPACE_DISTRHO

namespace {

using namespace phaseaware;

enum Index { kMask, kReduction, kStrengthLow, kStrengthHigh, kOutput, kMix, kBypass, kStatus, kLink, kCount };

struct Control {
    const char *symbol, *name, *unit, *text;
    float low, high, preset;
    std::vector<const char*> labels;
};

// Names and ranges are those of phaseaware.plugin.PhaseAware; a test holds both together.
// clang-format off
const Control kControls[kCount] = {
    {"mask", "Mask", "", "Complex below 6 kHz and unbounded, or an ordinary gain from 0 to 1",
     0, 1, 0, {"phase-aware", "real"}},
    {"reduction_db", "Reduction", "dB", "Most that is taken away; 100 dB: no limit but the model's",
     0, kMostReductionDb, kMostReductionDb, {}},
    {"strength_low", "Strength low", "", "Factor of the reduction in dB below 6 kHz", 0, 2, 1, {}},
    {"strength_high", "Strength high", "", "Factor of the reduction in dB above 6 kHz", 0, 2, 1, {}},
    {"output", "Output", "", "The speech, or what was removed", 0, 1, 0, {"speech", "removed"}},
    {"mix", "Mix", "", "Share of the processed sound", 0, 1, 1, {}},
    {"bypass", "Bypass", "", "The input comes out, delayed by the latency", 0, 1, 0, {}},
    {"status", "Status", "", "Why sound passes dry, if it does", 0, 6, 0,
     {"working", "dry: no onnxruntime", "dry: no model", "dry: wrong model", "dry: unsupported sample rate",
      "dry: the model lacks this mask", "dry: the model failed"}},
    {"link", "Link", "", "A mask for each channel, or one for both, which keeps the stereo image",
     0, 1, 1, {"channels", "stereo"}},
};
// clang-format on

// A mono plugin has nothing to link.
constexpr uint32_t kControlCount = PHASEAWARE_CHANNELS > 1 ? kCount : kLink;

std::filesystem::path own_path() {
    Dl_info info{};
    dladdr(reinterpret_cast<const void*>(&own_path), &info);
    return std::filesystem::absolute(info.dli_fname ? info.dli_fname : "");
}

}  // namespace

class PhaseAwarePlugin : public Plugin {
  public:
    // The latency must be the right one from here on: hosts ask before they activate.
    PhaseAwarePlugin() : Plugin(kControlCount, 0, 0) {
        for (uint32_t i = 0; i < kCount; ++i) values_[i] = kControls[i].preset;
        if (isDummyInstance()) return;
        try {
            model_ = Model::load(places_beside(own_path()));
        } catch (const Failure& failure) {
            refuse(failure);
        }
        // DPF's guess until the host has chosen a rate: that of another instance in the process, if there was one. A
        // guess that cannot be is no reason to sound dry, or to tell of no latency.
        try {
            begin(getSampleRate());
        } catch (const Failure&) {
            begin(kLowestRate);
        }
    }

  protected:
    const char* getLabel() const override { return PHASEAWARE_LABEL; }
    const char* getDescription() const override { return "Takes the noise out of speech by a phase-aware mask."; }
    const char* getMaker() const override { return DISTRHO_PLUGIN_BRAND; }
    const char* getLicense() const override { return "GPL-3.0-or-later"; }
    uint32_t getVersion() const override { return d_version(PHASEAWARE_VERSION); }
    int64_t getUniqueId() const override { return d_cconst('P', 'h', 'A', '0' + PHASEAWARE_CHANNELS); }

    void initParameter(uint32_t index, Parameter& parameter) override {
        const Control& control = kControls[index];
        parameter.symbol = control.symbol;
        parameter.name = control.name;
        parameter.unit = control.unit;
        parameter.description = control.text;
        parameter.ranges =
            ParameterRanges(index == kStatus ? getParameterValue(kStatus) : control.preset, control.low, control.high);
        parameter.hints = index == kStatus ? kParameterIsOutput : kParameterIsAutomatable;
        if (index == kBypass) parameter.initDesignation(kParameterDesignationBypass);
        if (control.labels.size() == 0) return;
        parameter.hints |= kParameterIsInteger;
        auto* labels = new ParameterEnumerationValue[control.labels.size()];
        for (std::size_t i = 0; i < control.labels.size(); ++i)
            labels[i] = ParameterEnumerationValue(i, control.labels[i]);
        parameter.enumValues.count = control.labels.size();
        parameter.enumValues.restrictedMode = true;
        parameter.enumValues.values = labels;
    }

    float getParameterValue(uint32_t index) const override { return values_[index].load(std::memory_order_relaxed); }
    void setParameterValue(uint32_t index, float value) override {
        if (index != kStatus) values_[index].store(value, std::memory_order_relaxed);
    }

    void sampleRateChanged(double) override { follow_host(); }
    void activate() override {
        follow_host();
        stream_->reset();
    }

    void run(const float** inputs, float** outputs, uint32_t frames) override {
        Controls controls;
        controls.mask = getParameterValue(kMask) > 0.5f ? Mask::real : Mask::phase_aware;
        controls.reduction_db = getParameterValue(kReduction);
        controls.strength_low = getParameterValue(kStrengthLow);
        controls.strength_high = getParameterValue(kStrengthHigh);
        controls.mix = getParameterValue(kMix);
        controls.removed = getParameterValue(kOutput) > 0.5f;
        controls.linked = getParameterValue(kLink) > 0.5f;
        stream_->process(inputs, outputs, frames, controls, getParameterValue(kBypass) > 0.5f);
        if (stream_->latency()) tell(stream_->status());
    }

  private:
    void begin(double rate, const std::shared_ptr<const Model>& model) {
        stream_ = std::make_unique<Stream>(model, PHASEAWARE_CHANNELS, rate);
        rate_ = rate;
        setLatency(stream_->latency());
    }
    void begin(double rate) {
        begin(rate, model_);
        if (model_) tell(Status::working);
    }
    void follow_host() {
        const double rate = getSampleRate();
        if (rate == rate_) return;
        try {
            begin(rate);
        } catch (const Failure& failure) {
            refuse(failure);
            begin(rate, nullptr);
        }
    }
    void refuse(const Failure& failure) {
        tell(failure.status);
        std::fprintf(stderr, DISTRHO_PLUGIN_NAME ": sound passes dry: %s\n", failure.what());
    }
    void tell(Status status) { values_[kStatus].store(static_cast<int>(status), std::memory_order_relaxed); }

    std::array<std::atomic<float>, kCount> values_{};
    std::shared_ptr<const Model> model_;
    std::unique_ptr<Stream> stream_;
    double rate_ = 0;  // of the stream
};

Plugin* createPlugin() { return new PhaseAwarePlugin(); }

END_NAMESPACE_DISTRHO
