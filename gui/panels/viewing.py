"""The side's section of what is shown."""

from __future__ import annotations

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QPushButton

from ..model.spectra import FRAME_LENGTHS, WINDOWS, SpectrumSettings
from ..view import DIFFERENCES, LAYOUTS, FrequencyScale, Kind
from .sections import Section, chooser

__all__ = ["ViewSection"]

_DIFFERENCES = {
    Kind.DELTA: "1d: signal A − B", Kind.LEVEL_DIFFERENCE: "1d: level |A/B|", Kind.PHASE_DIFFERENCE: "1d: phase ∠(A/B)",
}  # fmt: skip
_WINDOWS = {"hann": "Hann", "blackmanharris": "Blackman-Harris", "boxcar": "Rectangle"}
_SCALES = {FrequencyScale.LINEAR: "Linear", FrequencyScale.LOG: "Log", FrequencyScale.MEL: "Mel"}


class ViewSection(Section):
    """Layout, axis, picture 1d, frames of the spectrograms, and the way to a listening test.

    Signals
    -------
    layout_changed : index into LAYOUTS.
    scale_changed : a FrequencyScale.
    difference_changed : one of DIFFERENCES.
    spectrum_changed : SpectrumSettings.
    band_wanted : 0 to 6 kHz.
    abx_wanted : a button.
    """

    layout_changed = pyqtSignal(int)
    scale_changed = pyqtSignal(object)
    difference_changed = pyqtSignal(object)
    spectrum_changed = pyqtSignal(object)
    band_wanted = pyqtSignal()
    abx_wanted = pyqtSignal()

    def __init__(self) -> None:
        super().__init__("VIEW")
        self.layouts = chooser("What is shown", "What is shown  (V)")
        self.layouts.addItems(LAYOUTS)
        self.layouts.currentIndexChanged.connect(self.layout_changed)
        self.scale = chooser("Frequency axis", "Frequency axis  (S)")
        for scale, text in _SCALES.items():
            self.scale.addItem(text, scale)
        self.scale.setCurrentIndex(list(_SCALES).index(FrequencyScale.MEL))
        self.scale.currentIndexChanged.connect(lambda i: self.scale_changed.emit(self.scale.itemData(i)))
        self.add_row(self.layouts, self.scale)
        self.difference = chooser("Picture 1d", "What picture 1d shows: the signal A − B, or A against B  (D)")
        for kind in DIFFERENCES:
            self.difference.addItem(_DIFFERENCES[kind], kind)
        self.difference.currentIndexChanged.connect(lambda i: self.difference_changed.emit(self.difference.itemData(i)))
        self.band = QPushButton("Z  0–6 kHz")
        self.band.setToolTip("Only the band in which A may turn phases; again: everything  (Z)")
        self.band.clicked.connect(self.band_wanted)
        self.add_row(self.difference, self.band)
        self.frame = chooser("Frame length", "Samples in a frame of the spectrograms: long ones tell frequencies apart")
        for length in FRAME_LENGTHS:
            self.frame.addItem(f"FFT {length}", length)
        self.window_kind = chooser("Window", "Window of the spectrograms' frames")
        for name in WINDOWS:
            self.window_kind.addItem(_WINDOWS[name], name)
        self.show_spectrum(SpectrumSettings())
        for box in (self.frame, self.window_kind):
            box.currentIndexChanged.connect(lambda _: self.spectrum_changed.emit(self.spectrum))
        self.add_row(self.frame, self.window_kind)
        self.abx = QPushButton("ABX listening test…")
        self.abx.setToolTip("16 trials: can you tell A and B apart by ear?  (Ctrl+T)")
        self.abx.clicked.connect(self.abx_wanted)
        self.column.addWidget(self.abx)

    @property
    def spectrum(self) -> SpectrumSettings:
        """What is chosen."""
        return SpectrumSettings(frame_length=self.frame.currentData(), window=self.window_kind.currentData())

    def show_spectrum(self, spectrum: SpectrumSettings) -> None:
        """Choose these."""
        self.frame.setCurrentIndex(FRAME_LENGTHS.index(spectrum.frame_length))
        self.window_kind.setCurrentIndex(WINDOWS.index(spectrum.window))
