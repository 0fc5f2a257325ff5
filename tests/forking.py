"""Processes of tests that start quickly: forked from a server that has imported torch once.

A process has one such server, so all that is started from it is named here.
"""

import multiprocessing

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(
    ["service", "khala.worker.stages", "khala.worker.worker", "ranks_at_work", "torch.distributed.fsdp"]
)
