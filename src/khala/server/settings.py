"""Settings of the server: options of `khala serve`, or environment variables KHALA_* of the same names."""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

MAX_HEAD_BYTES = 32 * 1024
"""Limit of a request's line and headers."""
UPLOADS = "/api/v1/uploads"
"""Path of the only route with a body that is not JSON: limits of its own hold for it."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Settings(BaseSettings):
    """All settings of the server."""

    model_config = SettingsConfigDict(env_prefix="KHALA_", extra="ignore")

    host: str = "127.0.0.1"
    port: int = Field(8889, ge=0, le=65535)
    open: bool = False
    """Serve anybody without an API key, even if other machines can connect."""
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Host names of this server. On a loopback address localhost and the address itself are allowed as well; on any
    other address all names are, unless some are given."""
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Origins whose pages may use the API from a browser, such as https://studio.example."""
    max_body: int = Field(256 * 1024, ge=1024)
    """Limit of a request body in bytes. The longest lyrics fit in a sixth of it."""
    max_upload: int = Field(256 * 1024 * 1024, ge=1024)
    """Limit of an uploaded audio file in bytes. Ten minutes of WAV have 106 to 230 million."""
    arrival_timeout: float = Field(20.0, gt=0)
    """Seconds that the headers and the body of a request may each take to arrive."""
    upload_timeout: float = Field(600.0, gt=0)
    """The same for the body of an upload."""
    send_timeout: float = Field(60.0, gt=0)
    """Seconds after which a client that reads nothing of its response is disconnected."""
    heartbeat: float = Field(15.0, gt=0)
    """Seconds without events after which a stream sends a keep-alive comment."""
    max_streams: int = Field(2000, ge=1)
    """Event streams that may be open at a time."""
    connections: int = Field(4000, ge=16)
    """Connections that may be open at a time; further ones get 503."""
    database: str = "sqlite:///khala-data/khala.sqlite"
    artifacts: str = "khala-data/artifacts"
    queue_limit: int = Field(5000, ge=1)
    """Takes that may be queued in all."""
    owner_queued: int = Field(200, ge=1)
    """Takes of one owner that may be queued; for owners created from now on."""
    owner_running: int = Field(64, ge=1)
    """Takes of one owner that may run at a time; for owners created from now on."""
    workers: int | None = Field(None, ge=0, le=64)
    """Worker processes to keep running.  [default: one per GPU of `gpus`, else one]"""
    gpus: Annotated[tuple[int, ...], NoDecode] = ()
    """Indices of the GPUs to use.  [default: what a worker finds]"""
    runtime_mode: Literal["keep_loaded", "one_shot"] = "keep_loaded"
    """Whether workers keep the model in memory between songs."""
    engine: Literal["auto", "onnx", "torch", "torch-compiled"] = "auto"
    """The library that workers compute with."""
    slots: int = Field(4, ge=1, le=64)
    """Most takes that a worker decodes together."""
    model: str = "mini"
    """The model for songs that do not name one."""
    offered_loras: Annotated[tuple[str, ...] | None, NoDecode] = None
    """Names of the adapters that songs may be made with.  [default: all that are installed]"""
    browser: bool = False
    """Open the studio in a browser on this machine once the server is up."""
    static: Path | None = None
    """Folder of the built studio.  [default: the one in the package, if there is one]"""

    @field_validator("allowed_hosts", "cors_origins", "gpus", "offered_loras", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @property
    def loopback(self) -> bool:
        """Return whether only this machine can connect."""
        try:
            return self.host in LOOPBACK or ip_address(self.host).is_loopback
        except ValueError:  # a name, which may resolve to any address
            return False
