// A stream at the host's rate: conversion to 48 kHz and back, bypass, and the dry way out where nothing else works.
#pragma once

#include <memory>
#include <vector>

#include "denoiser.hpp"

struct SpeexResamplerState_;

namespace phaseaware {

constexpr double kLowestRate = 44100, kHighestRate = 192000;

// speexdsp's polyphase filter for one channel. Its delay is constant.
class Resampler {
  public:
    Resampler(unsigned source, unsigned target);
    void reset();
    // Returns how many samples came out: ceil(total in * target / source), less those that came before.
    std::size_t process(const float* in, std::size_t samples, float* out, std::size_t capacity);
    std::size_t delay() const;  // in samples of the source

  private:
    std::shared_ptr<SpeexResamplerState_> state_;
};

class Stream {
  public:
    // Without a model all sound passes dry, at once. Throws Failure where the rate is refused.
    Stream(std::shared_ptr<const Model>, std::size_t channels, double rate);

    std::size_t latency() const { return latency_; }
    Status status() const { return status_; }
    void reset();
    void process(const float* const* in, float* const* out, std::size_t samples, const Controls&, bool bypass);

  private:
    struct Channel {
        std::vector<float> dry;  // ring of the last latency_ samples
        std::vector<float> fed, at_48k;
        std::vector<float> wet;           // what comes out now, and ahead_ samples that come next
        std::vector<Resampler> up, down;  // one each, none at 48 kHz
    };
    bool denoise(std::size_t samples, const Controls&);
    void mix(Channel&, float* out, std::size_t samples, std::size_t target);

    std::shared_ptr<const Model> model_;
    std::unique_ptr<Denoiser> denoiser_;
    std::vector<Channel> channels_;
    std::vector<float*> blocks_;
    std::size_t latency_ = 0, place_ = 0, ahead_ = 0, padding_ = 0;
    std::size_t dryness_ = 0;  // place in the fade from wet (0) to dry (kFade)
    bool begun_ = false, converted_ = false;
    Status status_ = Status::working;
};

}  // namespace phaseaware
