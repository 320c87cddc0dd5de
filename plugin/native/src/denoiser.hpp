// The stream at 48 kHz: samples, frames, masks, frames, samples. As engine/separator.py, without its allocations.
#pragma once

#include <memory>
#include <unsupported/Eigen/FFT>
#include <vector>

#include "masks.hpp"

namespace phaseaware {

class Denoiser {
  public:
    Denoiser(const std::shared_ptr<const Model>&, std::size_t channels);

    void reset();
    // Blocks of any length, in place; out[i] belongs to in[i - latency]. False: the model failed, the block is garbage.
    bool process(float* const* block, std::size_t samples, const Controls&);

  private:
    struct Channel {
        std::vector<float> input;       // the last hop, and what has come since
        std::vector<Complex> spectrum;  // frames that wait for their mask, and the new ones
        std::vector<float> overlap, output;
        std::unique_ptr<ModelStream> model;
    };
    void analyse(Channel&, std::size_t frames);
    void find_mid(std::size_t frame, Complex* mid) const;
    bool find_masks(std::size_t frames, const Controls&);
    // Appends to the output, of which `ready` samples wait.
    void synthesise(Channel&, const Complex* masks, std::size_t frames, std::size_t ready, const Controls&);

    std::shared_ptr<const Model> model_;
    std::vector<Channel> channels_;
    std::vector<const Complex*> masks_;
    std::size_t filled_ = 0;  // samples of each input beyond its last hop
    bool linked_ = false;
    Eigen::FFT<float> fft_;
    std::vector<float> window_, frame_;
    std::vector<Complex> shaped_;
};

}  // namespace phaseaware
