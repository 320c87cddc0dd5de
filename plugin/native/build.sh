#!/usr/bin/env bash
# Build the native plugin into build/native, or make its wheel. Says what is missing, with the line that installs it.
#
#     plugin/native/build.sh PYTHON [wheel]
#
# PYTHON has phaseaware installed, so that its onnxruntime and model are the plugin's, too.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=$1
build=build/native
header_package=amd-quark==0.13 # carries onnxruntime's C header, version 1.17, under the MIT licence

missing=()
command -v cmake >/dev/null || missing+=(cmake)
command -v c++ >/dev/null || missing+=(g++)
command -v make >/dev/null || missing+=(make)
[ -e "${DPF_DIR:=/usr/share/dpf}/CMakeLists.txt" ] || missing+=(dpf-source)
[ -e /usr/include/eigen3/unsupported/Eigen/FFT ] || [ -n "${CMAKE_PREFIX_PATH:-}" ] || missing+=(libeigen3-dev)
[ -e /usr/include/speex/speex_resampler.h ] || [ -n "${CMAKE_PREFIX_PATH:-}" ] || missing+=(libspeexdsp-dev)
if [ "${#missing[@]}" -gt 0 ]; then
    echo "The native plugin is not built; missing: ${missing[*]}"
    echo "On Debian or Ubuntu: sudo apt-get install --no-install-recommends ${missing[*]}"
    exit 1
fi

header=$build/header/onnxruntime_c_api.h
if [ ! -e "$header" ]; then
    mkdir -p "$build/header"
    "$python" -m pip download -q --no-deps --only-binary :all: -d "$build/header" "$header_package" || {
        echo "The native plugin is not built; missing: onnxruntime's C header, as $header_package from PyPI carries one"
        exit 1
    }
    "$python" - "$build/header" <<'EXTRACT'
import sys, zipfile
from pathlib import Path
folder = Path(sys.argv[1])
(wheel,) = folder.glob("amd_quark-*.whl")
with zipfile.ZipFile(wheel) as archive:
    (name,) = (name for name in archive.namelist() if name.endswith("onnxruntime-1.17.0/onnxruntime/core/session/onnxruntime_c_api.h"))
    (folder / "onnxruntime_c_api.h").write_bytes(archive.read(name))
wheel.unlink()
EXTRACT
fi

# The model of live sound, where there are several: what a host plays must not come late.
model=$("$python" -c '
from phaseaware.engine.model import default_model
print(default_model("stream"))')
if [ "${2:-}" = wheel ]; then
    exec "$python" -m pip wheel -q --no-deps -w "$build/wheel" plugin/native -C "cmake.define.DPF_DIR=$DPF_DIR" \
        -C "cmake.define.ONNXRUNTIME_INCLUDE_DIR=$PWD/$build/header" -C "cmake.define.PHASEAWARE_MODEL=$model"
fi

library=$("$python" -c 'from phaseaware.plugin.native.bundles import runtime; print(runtime()[0])')
cmake -S plugin/native -B "$build" -DPHASEAWARE_TESTS=ON -DDPF_DIR="$DPF_DIR" -DONNXRUNTIME_LIBRARY="$library" \
    -DONNXRUNTIME_INCLUDE_DIR="$PWD/$build/header" -DPHASEAWARE_MODEL="$model" >"$build/configure.log" || {
    cat "$build/configure.log"
    exit 1
}
cmake --build "$build" --parallel "$(nproc)" >"$build/build.log" || {
    cat "$build/build.log"
    exit 1
}
"$python" -c 'from phaseaware.plugin import vst3_path; print("built:", vst3_path(), vst3_path(1), sep="\n")'
