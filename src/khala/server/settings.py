"""How the service is set up: flags of `khala serve`, or the environment variables KHALA_* of the same names."""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

MAX_HEAD = 32 * 1024
"""Bytes of a request's line and headers."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Settings(BaseSettings):
    """Every setting, with what it is for beside it."""

    model_config = SettingsConfigDict(env_prefix="KHALA_", extra="ignore")

    host: str = "127.0.0.1"
    port: int = Field(8889, ge=0, le=65535)
    open: bool = False
    """Serve anybody without an API key, though others than this machine can connect."""
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Names that a request may call this server by. On a loopback address also localhost and the address itself;
    elsewhere, where none are given, any."""
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Pages of which origins may use the API from a browser, such as https://studio.example. None, unless given."""
    max_body: int = Field(256 * 1024, ge=1024)
    """Largest body of a request, in bytes. The longest lyrics fit in a sixth of it."""
    arrival_timeout: float = Field(20.0, gt=0)
    """Seconds that a request may take to arrive, head and body each."""
    send_timeout: float = Field(60.0, gt=0)
    """Seconds after which a client that takes nothing of its answer is given up."""
    heartbeat: float = Field(15.0, gt=0)
    """Seconds of silence after which a stream of events says that it is alive."""
    max_streams: int = Field(2000, ge=1)
    """Streams of events that may be open at a time."""
    connections: int = Field(4000, ge=16)
    """Connections that may be open at a time; more are answered 503."""
    database: str = "sqlite:///khala-data/khala.sqlite"
    artifacts: str = "khala-data/artifacts"
    queue_limit: int = Field(5000, ge=1)
    """Takes that may wait in all."""
    owner_queued: int = Field(200, ge=1)
    """Takes of one owner that may wait; for owners made from now on."""
    owner_running: int = Field(64, ge=1)
    """Takes of one owner that may run at a time; for owners made from now on."""
    workers: int | None = Field(None, ge=0, le=64)
    """Worker processes to keep running.  [default: one per GPU of `gpus`, else one]"""
    gpus: Annotated[tuple[int, ...], NoDecode] = ()
    """Numbers of the GPUs to work on.  [default: what a worker finds]"""
    runtime_mode: Literal["keep_loaded", "one_shot"] = "keep_loaded"
    """Whether workers keep the model in memory between songs."""
    slots: int = Field(4, ge=1, le=64)
    """Takes that a worker decodes together at most."""
    model: str = "mini"
    """The model that makes a song which names none."""
    browser: bool = False
    """Show the studio in a browser on this machine as soon as it is served."""
    static: Path | None = None
    """Folder of the studio's built page.  [default: the one in the package, if it is there]"""

    @field_validator("allowed_hosts", "cors_origins", "gpus", mode="before")
    @classmethod
    def _parted(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @property
    def loopback(self) -> bool:
        """Whether nobody but this machine can connect."""
        try:
            return self.host in LOOPBACK or ip_address(self.host).is_loopback
        except ValueError:  # a name: who knows whom it reaches
            return False
