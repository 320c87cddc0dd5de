#include "masks.hpp"

#include <algorithm>
#include <cmath>

namespace phaseaware {
namespace {

constexpr float kSeamBin = 128, kSeamWidth = 8;

Complex strengthened(Complex m, float strength) {
    const float magnitude = std::abs(m), gentle = std::min(strength, 1.0f);
    // 0^0 is 1 as it should be: strength 0 leaves everything as it was.
    return std::polar(std::pow(magnitude, magnitude > 1 ? gentle : strength), gentle * std::arg(m));
}

}  // namespace

void shape_mask(const Complex* mask, const Controls& controls, Complex* shaped) {
    const bool limited = controls.reduction_db < kMostReductionDb;
    const double dry = limited ? std::pow(10.0, -controls.reduction_db / 20.0) : 0.0;
    const float wet = static_cast<float>((1 - dry) * controls.mix), rest = 1 - wet;
    const bool plain = controls.strength_low == 1 && controls.strength_high == 1;
    for (std::size_t k = 0; k < kBins; ++k) {
        Complex m = mask[k];
        if (!plain) {
            const float low = std::clamp((kSeamBin - k - 0.5f) / kSeamWidth, 0.0f, 1.0f);
            m = strengthened(m, low * controls.strength_low + (1 - low) * controls.strength_high);
        }
        m = rest + wet * m;
        shaped[k] = controls.removed ? 1.0f - m : m;
    }
}

}  // namespace phaseaware
