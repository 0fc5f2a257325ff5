"""`torchrun --nproc-per-node N -m khala.train PART RECIPE`: the verbs of `khala train`, in every process of a run."""

import sys

from khala.cli.main import run
from khala.cli.streams import prepare_streams

if __name__ == "__main__":
    prepare_streams()
    sys.exit(run(["train", *sys.argv[1:]]))
