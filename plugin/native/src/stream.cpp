#include "stream.hpp"

#include <speex/speex_resampler.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace phaseaware {
namespace {

constexpr std::size_t kBlock = kMostFrames * kHop;    // of the host, processed at once
constexpr std::size_t kFade = 480;                    // samples from wet to dry, as plugin/fades.py
constexpr unsigned kMostPadding = 640;                // samples at 48 kHz that a whole number of host samples may take
constexpr float kLoudest = 1e5f, kQuietest = 1e-15f;  // as engine/separator.py
constexpr int kQuality = 8;                           // speexdsp's, of 10

// Nothing that can harm a later sample.
float sane(float x) {
    if (!std::isfinite(x) || std::abs(x) < kQuietest) return 0;
    return std::clamp(x, -kLoudest, kLoudest);
}

}  // namespace

Resampler::Resampler(unsigned source, unsigned target) {
    int error = 0;
    state_.reset(speex_resampler_init(1, source, target, kQuality, &error), [](SpeexResamplerState* state) {
        if (state) speex_resampler_destroy(state);
    });
    if (!state_) throw Failure(Status::wrong_rate, speex_resampler_strerror(error));
}

void Resampler::reset() { speex_resampler_reset_mem(state_.get()); }

std::size_t Resampler::delay() const { return speex_resampler_get_input_latency(state_.get()); }

std::size_t Resampler::process(const float* in, std::size_t samples, float* out, std::size_t capacity) {
    std::size_t made = 0;
    while (samples > 0) {
        spx_uint32_t taken = samples, given = capacity - made;
        speex_resampler_process_float(state_.get(), 0, in, &taken, out + made, &given);
        if (taken == 0 && given == 0) break;
        in += taken, samples -= taken, made += given;
    }
    return made;
}

Stream::Stream(std::shared_ptr<const Model> model, std::size_t channels, double rate)
    : model_(std::move(model)), channels_(channels), blocks_(channels) {
    if (!model_) return;
    const unsigned whole = rate >= kLowestRate && rate <= kHighestRate ? static_cast<unsigned>(rate) : 0;
    // The latency must be whole samples at both rates, so that a click comes out as one: multiples of this at 48 kHz.
    const unsigned unit = whole == rate && whole ? kSampleRate / std::gcd(whole, kSampleRate) : kSampleRate;
    if (unit > kMostPadding)
        throw Failure(Status::wrong_rate, "a rate of " + std::to_string(rate) +
                                              " Hz is not one of 44100 to 192000 Hz that convert to 48000 Hz");
    denoiser_ = std::make_unique<Denoiser>(model_, channels);
    latency_ = model_->latency();
    converted_ = whole != kSampleRate;
    if (converted_) {
        for (Channel& channel : channels_) {
            channel.up.emplace_back(whole, kSampleRate);
            channel.down.emplace_back(kSampleRate, whole);
            channel.at_48k.resize(std::size_t(kBlock) * kSampleRate / whole + 2);
        }
        const std::size_t at_48k = model_->latency() + channels_[0].down[0].delay();
        padding_ = (unit - at_48k % unit) % unit;
        latency_ = channels_[0].up[0].delay() + (at_48k + padding_) / unit * (std::size_t(whole) * unit / kSampleRate);
    }
    for (Channel& channel : channels_) {
        channel.dry.resize(latency_ + kBlock);
        channel.fed.resize(kBlock);
        channel.wet.resize(kBlock + padding_ * whole / kSampleRate + 4);
    }
    reset();
}

void Stream::reset() {
    if (!denoiser_) return;
    begun_ = false;
    status_ = Status::working;
    denoiser_->reset();
    place_ = ahead_ = 0;
    const std::vector<float> silence(padding_);
    for (Channel& channel : channels_) {
        std::fill(channel.dry.begin(), channel.dry.end(), 0.0f);
        for (Resampler& resampler : channel.up) resampler.reset();
        for (Resampler& resampler : channel.down) {
            resampler.reset();
            ahead_ = resampler.process(silence.data(), padding_, channel.wet.data(), channel.wet.size());
        }
    }
}

void Stream::process(const float* const* in, float* const* out, std::size_t samples, const Controls& controls,
                     bool bypass) {
    if (!denoiser_) {
        for (std::size_t c = 0; c < channels_.size(); ++c)
            if (out[c] != in[c]) std::copy_n(in[c], samples, out[c]);
        return;
    }
    Controls possible = controls;
    if (status_ != Status::run_failed) {
        status_ = model_->offers(controls.mask) ? Status::working : Status::no_mask;
        if (status_ == Status::no_mask) possible.mask = controls.mask == Mask::real ? Mask::phase_aware : Mask::real;
    }
    for (std::size_t done = 0; done < samples; done += kBlock) {
        const std::size_t count = std::min(samples - done, kBlock);
        for (std::size_t c = 0; c < channels_.size(); ++c)
            for (std::size_t i = 0; i < count; ++i) {
                const float x = in[c][done + i];
                channels_[c].dry[(place_ + i) % channels_[c].dry.size()] = std::isfinite(x) ? x : 0;
                channels_[c].fed[i] = sane(x);
            }
        if (status_ != Status::run_failed && !denoise(count, possible)) status_ = Status::run_failed;
        const std::size_t target = bypass || status_ != Status::working ? kFade : 0;
        if (!begun_ || status_ == Status::run_failed) dryness_ = target;
        begun_ = true;
        for (std::size_t c = 0; c < channels_.size(); ++c) mix(channels_[c], out[c] + done, count, target);
        place_ = (place_ + count) % channels_[0].dry.size();
        dryness_ =
            target > dryness_ ? std::min(dryness_ + count, target) : dryness_ - std::min(dryness_ - target, count);
    }
}

// From what was fed to as many samples of each channel's wet, and those that are ahead.
bool Stream::denoise(std::size_t samples, const Controls& controls) {
    std::size_t count = samples, made = 0;
    for (std::size_t c = 0; c < channels_.size(); ++c) {
        Channel& channel = channels_[c];
        blocks_[c] = converted_ ? channel.at_48k.data() : channel.fed.data();
        for (Resampler& up : channel.up)
            count = up.process(channel.fed.data(), samples, blocks_[c], channel.at_48k.size());
    }
    if (!denoiser_->process(blocks_.data(), count, controls)) return false;
    for (std::size_t c = 0; c < channels_.size(); ++c) {
        float* end = channels_[c].wet.data() + ahead_;
        if (!converted_) std::copy_n(blocks_[c], made = count, end);
        for (Resampler& down : channels_[c].down)
            made = down.process(blocks_[c], count, end, channels_[c].wet.size() - ahead_);
    }
    ahead_ += made - samples;
    return true;
}

void Stream::mix(Channel& channel, float* out, std::size_t samples, std::size_t target) {
    std::size_t at = dryness_, ring = channel.dry.size(), read = (place_ + ring - latency_) % ring;
    for (std::size_t i = 0; i < samples; ++i, read = read + 1 == ring ? 0 : read + 1) {
        const float dry = channel.dry[read], wet = channel.wet[i];
        out[i] = at == 0 ? wet : at == kFade ? dry : wet + float(at) / kFade * (dry - wet);
        if (at != target) at += at < target ? 1 : -1;
    }
    std::copy_n(channel.wet.begin() + samples, ahead_, channel.wet.begin());
}

}  // namespace phaseaware
