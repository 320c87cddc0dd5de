// DPF refuses LV2 hosts without options (lv2apply is one). To those it is told what they leave out: the longest block.

#include "src/lv2/lv2.h"

#include <cstring>
#include <mutex>
#include <string>
#include <vector>

#include "src/lv2/atom.h"
#include "src/lv2/buf-size.h"
#include "src/lv2/options.h"
#include "src/lv2/urid.h"

#undef lv2_descriptor  // the name that DPF's own has while it is compiled

namespace {

const LV2_Descriptor* framework;

// Numbers for the few URIs of the options below; the host has no say in them.
LV2_URID number(LV2_URID_Map_Handle, const char* uri) {
    static std::mutex asking;
    static std::vector<std::string> known;
    const std::lock_guard<std::mutex> lock(asking);
    for (std::size_t i = 0; i < known.size(); ++i)
        if (known[i] == uri) return i + 1;
    known.push_back(uri);
    return known.size();
}

LV2_Handle instantiate(const LV2_Descriptor*, double rate, const char* bundle, const LV2_Feature* const* features) {
    std::vector<const LV2_Feature*> given;
    bool complete = false;
    for (; features && *features; ++features) {
        given.push_back(*features);
        complete = complete || std::strcmp((*features)->URI, LV2_OPTIONS__options) == 0;
    }
    const int longest = 8192;
    LV2_URID_Map map{nullptr, number};
    const LV2_Options_Option options[] = {{LV2_OPTIONS_INSTANCE, 0, number(nullptr, LV2_BUF_SIZE__maxBlockLength),
                                           sizeof longest, number(nullptr, LV2_ATOM__Int), &longest},
                                          {}};
    const LV2_Feature ours[] = {{LV2_OPTIONS__options, const_cast<LV2_Options_Option*>(options)},
                                {LV2_URID__map, &map}};
    if (!complete) given.insert(given.end(), {&ours[0], &ours[1]});  // the last of a kind counts
    given.push_back(nullptr);
    return framework->instantiate(framework, rate, bundle, given.data());
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const LV2_Descriptor* lv2_descriptor(std::uint32_t index) {
    static LV2_Descriptor ours;
    framework = framework_lv2_descriptor(index);
    if (!framework) return nullptr;
    ours = *framework;
    ours.instantiate = instantiate;
    return &ours;
}
