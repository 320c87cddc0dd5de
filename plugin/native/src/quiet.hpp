// Included before DPF's VST3 part: hosts built on JUCE let go of a plugin's interfaces in an order that DPF comments on
// with two lines each time. Failed assertions are still told.
#pragma once

#include <DistrhoUtils.hpp>

#define d_stderr(...) static_cast<void>(0)
