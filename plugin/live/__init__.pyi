from .devices import Device as Device
from .devices import LiveError as LiveError
from .devices import devices as devices
from .stream import LiveSession as LiveSession
from .stream import LiveVersion as LiveVersion
from .stream import Meters as Meters
from .stream import run as run
