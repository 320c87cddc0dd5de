// What is made of a mask; the formulas and their reasons stand in engine/masks.py.
#pragma once

#include "model.hpp"

namespace phaseaware {

struct Controls {
    Mask mask = Mask::phase_aware;
    float reduction_db = 100;  // 100: no limit but the model's
    float strength_low = 1, strength_high = 1;
    float mix = 1;
    bool removed = false;
    bool linked = false;  // all channels share the mask of their mean
};

constexpr float kMostReductionDb = 100;

// Applies strength, reduction limit, mix and output choice to a mask of kBins.
void shape_mask(const Complex* mask, const Controls&, Complex* shaped);

}  // namespace phaseaware
