"""`khala finetune`: an adapter of a model from a folder of one's own songs."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from khala.cli.errors import print_error, print_line
from khala.cli.generate import require_known
from khala.cli.progress import progress
from khala.engine.opening import require_torch
from khala.music.errors import InvalidRequest, KhalaError

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def finetune(
    folder: Annotated[Path, typer.Argument(help="Folder of your songs, with their lyrics and tags beside them.")],
    out: Annotated[str, typer.Option(metavar="NAME|FOLDER", help="Name of the adapter, or a folder for it.")],
    model: Annotated[str, typer.Option(metavar="NAME|FOLDER|HUB_ID", help="Model to finetune.")] = "mini",
    trigger: Annotated[str, typer.Option(metavar="WORD", help="Tag that calls for what these songs have alike.")] = "",
    rank: Annotated[int, typer.Option(help="Rank of the changes: how much can be learned.")] = 8,
    alpha: Annotated[int | None, typer.Option(help="Their scale, times the rank.  [default: twice the rank]")] = None,
    steps: Annotated[int, typer.Option(help="Most training steps, for each of the two language models.")] = 200,
    minutes: Annotated[float, typer.Option(help="Minutes of training for each of them, instead of --steps.")] = 0.0,
    rate: Annotated[float, typer.Option(help="Learning rate.")] = 1e-3,
    seconds: Annotated[float, typer.Option(help="Longest window of a song that is learned from.")] = 30.0,
    patience: Annotated[int, typer.Option(help="Measurements on held-out songs that may fail to improve.")] = 3,
    device: Annotated[str, typer.Option(metavar="auto|cpu|cuda|cuda:1|mps", help="Compute device.")] = "auto",
    dtype: Annotated[
        str, typer.Option(metavar="auto|float32|bfloat16", help="Number format of what is not trained.")
    ] = "auto",
    threads: Annotated[int, typer.Option(min=0, help="CPU threads; 0 for all.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the training, and of the songs before and after.")] = 1,
    run: Annotated[
        Path | None, typer.Option(help="Folder of the work, to go on from.  [default: in ./runs, by the name]")
    ] = None,
    no_songs: Annotated[bool, typer.Option("--no-songs", help="Make no songs before and after.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
) -> None:
    """Teach a model your own songs: train an adapter (LoRA), to be added to the model by --lora NAME.

    Songs are read as khala corpus ingest reads them, with lyrics in NAME.txt or .lrc and tags in NAME.json; songs that
    the same model made, with all they hold; and folders of khala corpus. Training ends early when songs that are held
    out are predicted no better. Use only songs that you may use for this.
    """
    require_known("device", device, r"auto|cpu|mps|cuda(:\d+)?", "auto, cpu, cuda, cuda:1 or mps")
    require_torch("finetuning")
    if find_spec("peft") is None:
        raise KhalaError("peft is missing; pip install 'khala-music[finetune]'")
    from khala.engine.pytorch.device import choose_device
    from khala.training.finetuning.adapters import FewSongs
    from khala.training.finetuning.estimate import estimate
    from khala.training.finetuning.options import FinetuneOptions
    from khala.training.finetuning.pair import request_like, write_pair
    from khala.training.finetuning.run import require_adapter_place, save_adapter, train_adapters
    from khala.training.finetuning.songs import tokens_of
    from khala.training.ranks import require_single
    from khala.weights.adapters import place_of
    from khala.weights.opening import open_model

    require_single("an adapter")
    options = FinetuneOptions(
        trigger=trigger,
        rank=rank,
        alpha=2 * rank if alpha is None else alpha,
        steps=steps,
        minutes=minutes,
        rate=rate,
        seconds=seconds,
        dtype=dtype,  # type: ignore[arg-type]  # it is checked there
        patience=patience,
        seed=seed,
        threads=threads,
    )
    target = require_adapter_place(place_of(out))
    opened, work = open_model(model), run or Path("runs") / target.name
    place = choose_device(device)
    plan = estimate(opened.config, options, place)
    with progress(quiet) as report:
        tokens, refused = tokens_of(folder, work, opened, print_error, report)
    songs = FewSongs(tokens, 0)
    learned, kept = len(songs.train), len(songs.held_out)
    print_line(f"{learned} songs to learn from, {kept} held out; it takes {plan}")
    trained = train_adapters(opened, tokens, work, options, plan, place)
    save_adapter(target, opened, trained, options, learned, opened.folder.name if Path(model).is_dir() else model)
    for part, its in trained.losses.items():
        print_line(f"{part}: held-out loss {its.before:.3f} before, {its.best:.3f} after, in nats a code")
    if not no_songs:
        request = request_like(songs.held_out[0], seed, opened.config, options.trigger)
        with progress(quiet) as report:
            for path in write_pair(model, target, request, device, report):
                typer.echo(path)
    typer.echo(f"{target}  (try it: khala generate --lora {out})")
    raise typer.Exit(InvalidRequest.exit_status if refused else 0)
