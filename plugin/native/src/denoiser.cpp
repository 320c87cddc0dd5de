#include "denoiser.hpp"

#include <algorithm>
#include <cmath>

namespace phaseaware {
namespace {

constexpr float kCancelled = 1e-3f;  // of the channels' mean power

}  // namespace

Denoiser::Denoiser(const std::shared_ptr<const Model>& model, std::size_t channels)
    : model_(model),
      channels_(channels),
      masks_(channels),
      window_(kFrameLength),
      frame_(kFrameLength),
      shaped_(kBins) {
    fft_.SetFlag(Eigen::FFT<float>::HalfSpectrum);
    fft_.SetFlag(Eigen::FFT<float>::Unscaled);
    for (std::size_t i = 0; i < kFrameLength; ++i)
        window_[i] = static_cast<float>(std::sin(std::acos(-1.0) * i / kFrameLength));
    for (Channel& channel : channels_) {
        channel.input.resize((kMostFrames + 1) * kHop);
        channel.spectrum.resize((kMostFrames + model->lookahead) * kBins);
        channel.overlap.resize(kHop);
        channel.output.resize((kMostFrames + 1) * kHop);
        channel.model = std::make_unique<ModelStream>(model);
    }
    // The first transforms make the plans that later ones find.
    fft_.fwd(shaped_.data(), frame_.data(), kFrameLength);
    fft_.inv(frame_.data(), shaped_.data(), kFrameLength);
    reset();
}

void Denoiser::reset() {
    for (Channel& channel : channels_) {
        std::fill(channel.input.begin(), channel.input.end(), 0.0f);
        std::fill(channel.spectrum.begin(), channel.spectrum.end(), Complex());
        std::fill(channel.overlap.begin(), channel.overlap.end(), 0.0f);
        std::fill(channel.output.begin(), channel.output.end(), 0.0f);
        channel.model->reset();
    }
    filled_ = 0;
}

bool Denoiser::process(float* const* block, std::size_t samples, const Controls& controls) {
    bool fine = true;
    for (std::size_t done = 0; done < samples;) {
        const std::size_t count = std::min(samples - done, kMostFrames * kHop - filled_);
        const std::size_t frames = (filled_ + count) / kHop;
        for (std::size_t c = 0; c < channels_.size(); ++c) {
            std::copy_n(block[c] + done, count, channels_[c].input.begin() + kHop + filled_);
            analyse(channels_[c], frames);
        }
        fine = (frames == 0 || find_masks(frames, controls)) && fine;
        const std::size_t ready = kHop - filled_;  // samples that wait to be taken: filled_ and they make one hop
        filled_ = filled_ + count - frames * kHop;
        for (std::size_t c = 0; c < channels_.size(); ++c) {
            Channel& channel = channels_[c];
            std::copy_n(channel.input.begin() + frames * kHop, kHop + filled_, channel.input.begin());
            if (fine) synthesise(channel, masks_[c], frames, ready, controls);
            std::copy_n(channel.output.begin(), count, block[c] + done);
            std::copy(channel.output.begin() + count, channel.output.begin() + ready + frames * kHop,
                      channel.output.begin());
        }
        done += count;
    }
    return fine;
}

void Denoiser::analyse(Channel& channel, std::size_t frames) {
    for (std::size_t t = 0; t < frames; ++t) {
        for (std::size_t i = 0; i < kFrameLength; ++i) frame_[i] = channel.input[t * kHop + i] * window_[i];
        fft_.fwd(&channel.spectrum[(model_->lookahead + t) * kBins], frame_.data(), kFrameLength);
    }
}

bool Denoiser::find_masks(std::size_t frames, const Controls& controls) {
    const std::size_t first = model_->lookahead * kBins, count = frames * kBins;
    const bool linked = controls.linked && channels_.size() > 1;
    // One state serves all while they share a mask; parted again, each goes on from there.
    if (linked_ && !linked)
        for (Channel& channel : channels_)
            if (&channel != &channels_[0]) channel.model->follow(*channels_[0].model);
    linked_ = linked;
    if (!linked) {
        for (std::size_t c = 0; c < channels_.size(); ++c) {
            ModelStream& model = *channels_[c].model;
            std::copy_n(channels_[c].spectrum.begin() + first, count, model.spectrum());
            masks_[c] = model.run(frames, controls.mask);
            if (!masks_[c]) return false;
        }
        return true;
    }
    ModelStream& model = *channels_[0].model;
    for (std::size_t t = 0; t < frames; ++t) find_mid(first + t * kBins, model.spectrum() + t * kBins);
    std::fill(masks_.begin(), masks_.end(), model.run(frames, controls.mask));
    return masks_[0];
}

// As mid() of engine/separator.py.
void Denoiser::find_mid(std::size_t frame, Complex* mid) const {
    const float share = 1.0f / channels_.size();
    const auto power = [](const Complex* spectrum) {
        float sum = 0;
        for (std::size_t k = 0; k < kBins; ++k) sum += std::norm(spectrum[k]);
        return sum;
    };
    float mean = 0;
    std::fill_n(mid, kBins, Complex());
    for (const Channel& channel : channels_) {
        for (std::size_t k = 0; k < kBins; ++k) mid[k] += channel.spectrum[frame + k] * share;
        mean += power(&channel.spectrum[frame]) * share;
    }
    if (power(mid) >= kCancelled * mean) return;
    for (const Channel& channel : channels_)
        if (power(&channel.spectrum[frame]) >= mean / 2) {
            std::copy_n(channel.spectrum.begin() + frame, kBins, mid);
            return;
        }
}

void Denoiser::synthesise(Channel& channel, const Complex* masks, std::size_t frames, std::size_t ready,
                          const Controls& controls) {
    for (std::size_t t = 0; t < frames; ++t) {
        shape_mask(masks + t * kBins, controls, shaped_.data());
        for (std::size_t k = 0; k < kBins; ++k) shaped_[k] *= channel.spectrum[t * kBins + k];
        fft_.inv(frame_.data(), shaped_.data(), kFrameLength);
        float* out = &channel.output[ready + t * kHop];
        for (std::size_t i = 0; i < kHop; ++i) {
            out[i] = channel.overlap[i] + frame_[i] * window_[i] / kFrameLength;
            channel.overlap[i] = frame_[kHop + i] * window_[kHop + i] / kFrameLength;
        }
    }
    std::copy_n(channel.spectrum.begin() + frames * kBins, model_->lookahead * kBins, channel.spectrum.begin());
}

}  // namespace phaseaware
