# What DPF writes of an LV2 plugin, less terms that no vocabulary here defines; and see lv2.cpp for what it requires.
file(READ "${FILE}" TEXT)
string(REGEX REPLACE "\n    mod:[^\n]*" "" TEXT "${TEXT}")
string(REPLACE "lv2:requiredFeature" "lv2:optionalFeature" TEXT "${TEXT}")
file(WRITE "${FILE}" "${TEXT}")
