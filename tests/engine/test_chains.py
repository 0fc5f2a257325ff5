import threading

import pytest

from khala.engine.chains import Chains, run_chains


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_steps_come_in_order(threads: int) -> None:
    begun: list[tuple[int, int]] = []
    ended: set[tuple[int, int]] = set()
    follows = [False, True, True, False]

    def work(chain: int, step: int) -> None:
        assert step == 0 or (chain, step - 1) in ended
        assert not follows[chain] or (chain - 1, step) in ended
        begun.append((chain, step))
        ended.add((chain, step))

    reports: list[int] = []
    run_chains(work, follows, 20, reports.append, threads)
    assert sorted(begun) == [(chain, step) for chain in range(4) for step in range(20)]
    assert reports == sorted(reports) and (threads > 1 or reports == list(range(1, 81)))


def test_chains_go_on_side_by_side() -> None:
    both = threading.Barrier(2, timeout=60)
    run_chains(lambda chain, step: both.wait() and None, [False, False], 3, threads=2)
    order: list[tuple[int, int]] = []
    run_chains(lambda chain, step: order.append((chain, step)), [False, True], 2)
    assert order == [(0, 0), (1, 0), (0, 1), (1, 1)]


def test_a_chain_waits_for_the_one_before() -> None:
    overtaken = threading.Event()

    def work(chain: int, step: int) -> None:
        if chain:
            overtaken.set()
        elif step == 0:
            assert not overtaken.wait(0.2)

    run_chains(work, [False, True], 2, threads=2)


@pytest.mark.parametrize("threads", [1, 3])
def test_an_exception_ends_all_chains(threads: int) -> None:
    done: list[int] = []

    def work(chain: int, step: int) -> None:
        if (chain, step) == (0, 5):
            raise ZeroDivisionError
        done.append(step)

    with pytest.raises(ZeroDivisionError):
        run_chains(work, [False, True, True], 1000, threads=threads)
    assert len(done) <= 15

    def stop(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_chains(lambda chain, step: None, [False] * 3, 1000, stop, threads)


@pytest.mark.parametrize(("in_order", "expected"), [(True, [0, 0, 1, 1, 2, 2]), (False, [0, 1, 2, 0, 1, 2])])
def test_the_first_chain_ends_first_if_that_is_asked_for(in_order: bool, expected: list[int]) -> None:
    chains, order = Chains(2, in_order), list[int]()
    for follows in (False, True, True):
        chains.add(follows)
    while (chain := chains.begin(may_wait=False)) is not None:
        order.append(chain)
        assert chains.end(chain) == (order.count(chain) == 2)
    assert order == expected


def test_chains_may_come_later() -> None:
    chains, order = Chains(2), list[int]()

    def work() -> None:
        while (chain := chains.begin()) is not None:
            order.append(chain)
            chains.end(chain)

    thread = threading.Thread(target=work)
    chains.add(False)
    thread.start()
    chains.add(True)
    chains.close()
    thread.join(60)
    assert sorted(order) == [0, 0, 1, 1]
