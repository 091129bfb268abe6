"""How one server serves one study: who may come, how fast, how long they are waited for."""

from dataclasses import dataclass
from typing import Literal

Access = Literal["open", "invited", "external"]
ACCESS: tuple[Access, ...] = ("open", "invited", "external")


@dataclass(frozen=True)
class Settings:
    """What can be set without changing the study.

    Attributes
    ----------
    batch
        Which batch new participants belong to. Batches never share slots: pilot answers stay apart from the main ones.
    access
        Who may start: anybody with the address (``open``), holders of an invitation link (``invited``), or people
        whom a platform sends with an id in the link (``external``).
    address
        What participants type, such as ``https://study.example.org``: personal links begin with it, and where it is
        https the cookies are sent over https only.
    completion_code
        One code for everybody, as Prolific wants it; empty: a random code for each participant.
    return_address
        Where the last page sends people back to, if anywhere.
    quiz_tries
        How often the comprehension questions may be tried.
    participant_rate, client_rate, start_rate, guess_rate
        Requests a minute: of one participant, of one network address, starts of one address, failed tokens of one
        address. 0 switches a limit off.
    body_limit
        Largest request body in bytes.
    backup_minutes, backups_kept
        How often a safe copy of the answers is made while running (0: never), and how many are kept.
    describe
        Whether ``/openapi.json`` is served.
    """

    batch: str = "main"
    access: Access = "open"
    address: str = ""
    completion_code: str = ""
    return_address: str = ""
    quiz_tries: int = 3
    participant_rate: int = 300
    client_rate: int = 3000
    start_rate: int = 60
    guess_rate: int = 20
    body_limit: int = 16_384
    backup_minutes: float = 10.0
    backups_kept: int = 6
    describe: bool = False

    @property
    def secure(self) -> bool:
        """Whether participants come over https."""
        return self.address.startswith("https://")
