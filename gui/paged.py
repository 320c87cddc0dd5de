"""The pages of the window besides its pictures: the listening test and live sound."""

from __future__ import annotations

from phaseaware.engine.versions import Version
from PyQt6.QtWidgets import QMainWindow, QScrollArea, QStackedWidget, QWidget

from .model import AbxTest, Session
from .panels import AbxPanel, LivePanel, MessageBar, SidePanel, StartPage, TransportBar
from .player import Player
from .view import ViewArea

__all__ = ["PagedWindow"]


class PagedWindow(QMainWindow):
    """A window whose middle is turned to a page and back."""

    session: Session
    player: Player
    message: MessageBar
    views: ViewArea
    middle: QStackedWidget
    side: SidePanel
    transport: TransportBar
    abx: AbxPanel
    live: LivePanel
    start_page: StartPage
    _pages: dict[QWidget, QScrollArea]
    _side_scroll: QScrollArea

    def show_session(self) -> None:
        """Draw the session as it is."""
        raise NotImplementedError

    # ABX

    def start_abx(self, test: AbxTest | None = None) -> None:
        """Begin a listening test."""
        renderer = self.session.renderer
        if renderer is None or self.abx.under_way:
            return
        if not renderer.done:
            why = self.session.errors or ["A and B are still being rendered; start the test when that is done."]
            self.message.show_message("\n".join(why))
            return
        self._leave_live()
        self.message.hide()
        self.abx.begin(test or AbxTest())
        self.middle.setCurrentWidget(self._pages[self.abx])
        self.abx.hear["X"].setFocus()
        self._side_scroll.hide()
        self.show_session()

    def _abx_closed(self) -> None:
        self.middle.setCurrentWidget(self.views)
        self._side_scroll.show()
        self.side.versions[Version.NOISY].setFocus()
        self.views.refresh_pictures()
        self.show_session()

    # Live input

    def start_live(self) -> None:
        """Show the page for live input; what plays pauses."""
        if self.abx.under_way or not self.live.begin():
            return
        self.session.play(False)
        self.player.release()
        self.middle.setCurrentWidget(self._pages[self.live])
        self.side.set_live(True)
        self.transport.hide()
        self.live.start_button.setFocus()  # the focus must not stay on what is hidden now: keys would be lost
        self.show_session()

    def _live_closed(self) -> None:
        self.middle.setCurrentWidget(self.views if self.session.recording is not None else self._pages[self.start_page])
        self.side.set_live(False)
        self.transport.show()
        self.side.versions[Version.NOISY].setFocus()
        self.views.refresh_pictures()

    def _leave_live(self) -> None:
        if self.is_live:
            self.live.finish()

    @property
    def is_live(self) -> bool:
        return self.middle.currentWidget() is self._pages[self.live]
