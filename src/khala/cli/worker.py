"""`khala worker`: a process that makes the takes of a service, on this machine or another."""

import socket
from typing import Annotated

import typer

from khala.cli.generate import DTYPE_CHOICES, ENGINE_CHOICES, require_dtype, require_engine, require_known
from khala.cli.logs import log_lines
from khala.music.errors import InvalidRequest, KhalaError

app = typer.Typer(rich_markup_mode=None, add_completion=False)

RUNTIME_MODES = ("keep_loaded", "one_shot")


@app.command()
def worker(
    database: Annotated[
        str, typer.Option(metavar="URL", envvar="KHALA_DATABASE", help="postgresql://... or sqlite:///FILE.")
    ] = "sqlite:///khala-data/khala.sqlite",
    artifacts: Annotated[
        str, typer.Option(metavar="URL", envvar="KHALA_ARTIFACTS", help="Folder or s3://BUCKET/PREFIX for audio files.")
    ] = "khala-data/artifacts",
    device: Annotated[str, typer.Option(metavar="auto|cpu|cuda|cuda:1|mps", help="Compute device.")] = "auto",
    dtype: Annotated[str, typer.Option(metavar=DTYPE_CHOICES, help="Number format.")] = "auto",
    engine: Annotated[str, typer.Option(metavar=ENGINE_CHOICES, help="Library that computes.")] = "auto",
    runtime_mode: Annotated[
        str, typer.Option(metavar="|".join(RUNTIME_MODES), help="Keep the model in memory, or load one part at a time.")
    ] = "keep_loaded",
    slots: Annotated[int, typer.Option(min=1, max=64, help="Maximum number of takes decoded together.")] = 4,
    stall: Annotated[
        float, typer.Option(min=1, help="Seconds without progress after which the device counts as hung.")
    ] = 120,
    grace: Annotated[float, typer.Option(min=0, help="Seconds that takes may continue after SIGTERM.")] = 20,
    with_parent: Annotated[bool, typer.Option("--with-parent", help="Stop when the parent process ends.")] = False,
) -> None:
    """Make the takes queued in a database, until SIGTERM. Run one worker per device on the same database."""
    require_known("device", device, r"auto|cpu|mps|cuda(:\d+)?", "auto, cpu, cuda, cuda:1 or mps")
    require_dtype(dtype)
    require_engine(engine)
    if runtime_mode not in RUNTIME_MODES:
        raise InvalidRequest(f"--runtime-mode {runtime_mode!r} is unknown; choose {' or '.join(RUNTIME_MODES)}")
    log_lines()
    try:
        from khala.jobs.library import Library
        from khala.worker.stages import PipelineStages
        from khala.worker.worker import Worker
    except ModuleNotFoundError as error:
        raise KhalaError(f"{error.name} is missing; pip install 'khala-music[serve]'") from None
    library = Library.open(database, artifacts)
    stages = PipelineStages(device, dtype, "one_shot" if runtime_mode == "one_shot" else "auto", engine)
    made = Worker(
        library,
        stages,
        socket.gethostname(),
        stages.device,
        slots=slots,
        keep_loaded=runtime_mode == "keep_loaded",
        stall=stall,
        grace=grace,
        with_parent=with_parent,
    )
    made.stop_on_signals()
    made.run()
