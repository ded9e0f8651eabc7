"""A window that slides: nobody gets more than his share, and who waits as told is served."""

from hypothesis import given
from hypothesis import strategies as st

from atlas.domain.windows import Quota, Window, admits, index_at, judge

quotas = st.builds(Quota, requests=st.integers(1, 50), seconds=st.sampled_from([1, 10, 60]))
gaps = st.lists(st.floats(0, 40, allow_nan=False), min_size=1, max_size=150)


class Client:
    """A client that is counted, with a clock that it turns itself."""

    def __init__(self, quota, start=1_700_000_000.0):
        self.quota, self.moment, self.window = quota, start, Window()

    def ask(self):
        window = self.window.at(index_at(self.moment, self.quota))
        allowed = admits(window, self.quota, moment=self.moment)
        self.window = window.counted() if allowed else window
        return judge(self.window, self.quota, moment=self.moment, allowed=allowed)


@given(quotas, gaps)
def test_no_fixed_window_ever_holds_more_than_the_quota(quota, gaps):
    client = Client(quota)
    for gap in gaps:
        client.moment += gap
        client.ask()
        assert client.window.present <= quota.requests


@given(quotas, gaps)
def test_who_waits_as_long_as_told_is_served(quota, gaps):
    client = Client(quota)
    for gap in gaps:
        client.moment += gap
        verdict = client.ask()
        if verdict.allowed:
            assert verdict.wait_seconds == 0
            continue
        assert 1 <= verdict.wait_seconds <= 2 * quota.seconds + 1
        client.moment += verdict.wait_seconds
        assert client.ask().allowed


@given(quotas, gaps)
def test_as_many_more_are_served_at_once_as_was_said(quota, gaps):
    client = Client(quota)
    for gap in gaps[:20]:
        client.moment += gap
        verdict = client.ask()
        assert 0 <= verdict.remaining <= quota.requests
        assert 1 <= verdict.reset_seconds <= quota.seconds
    served = 0
    while client.ask().allowed:
        served += 1
    assert served == verdict.remaining


@given(quotas)
def test_a_full_quota_is_there_at_first_and_after_two_quiet_windows(quota):
    client = Client(quota)
    for _ in range(2):
        answers = [client.ask().allowed for _ in range(quota.requests + 1)]
        assert answers == [True] * quota.requests + [False]
        client.moment += 2 * quota.seconds


def test_the_border_of_two_windows_gives_no_double_share():
    client = Client(Quota(requests=10, seconds=60), start=1_700_000_039.0)  # the last second of one
    assert sum(client.ask().allowed for _ in range(10)) == 10
    client.moment += 2  # the first second of the next
    assert sum(client.ask().allowed for _ in range(10)) == 0
    client.moment += 29  # half of the earlier window has faded
    assert sum(client.ask().allowed for _ in range(10)) == 5
