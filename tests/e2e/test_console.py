"""The console as an operator uses it: halt, restore, approve, pause, with and without scripts."""

import pytest
from django.urls import reverse

from atlas.models import ApprovalRequest, TradingState
from execution.models import Deployment
from tests.execution.world import make_deployment, open_switches, recording, run, slot, waves

pytestmark = [pytest.mark.deep, pytest.mark.timeout(300), pytest.mark.django_db(transaction=True)]

NARROW = {"viewport": {"width": 400, "height": 850}}
WORD = "#ak-sentence .ak-word"
KILL = "#ak-bar .ak-button-halt"


@pytest.fixture
def trading(people):
    """A deployment that has traded, every switch free."""
    deployment = make_deployment()
    open_switches()
    made = recording(waves())
    for index in range(4):
        run(deployment, made, slot(index))
    return deployment


def globally():
    return TradingState.objects.get(scope="GLOBAL")


def test_the_dashboard_says_what_the_house_does(browse, trading):
    with browse("vic") as page:
        assert page.inner_text(WORD) == "PAPER"
        assert page.inner_text("text=Equity by deployment")
        assert page.locator("#ak-dashboard polyline").count() == 1
        assert page.locator(KILL).count() == 0


def test_two_clicks_halt_and_the_next_cycle_stands_still(browse, trading):
    with browse("tim") as page:
        page.click(KILL)
        dialog = page.locator("#ak-halt")
        assert dialog.is_visible()
        assert "no order starts" in dialog.inner_text()
        assert page.evaluate("document.activeElement.textContent") == "Halt now"
        dialog.get_by_role("button", name="Halt now").click()
        page.wait_for_selector(f"{WORD}:text('HALTED')")
        assert "is HALTED from now on" in page.inner_text("#main")
    assert (globally().state, globally().changed_by) == ("HALTED", "tim")
    cycle = run(trading, recording(waves()), slot(5))
    assert cycle is not None
    assert (cycle.state, cycle.reason) == ("SKIPPED", "halted")


def test_escape_and_the_other_button_keep_trading(browse, trading):
    with browse("tim") as page:
        page.click(KILL)
        page.keyboard.press("Escape")
        assert not page.locator("#ak-halt").is_visible()
        page.click(KILL)
        page.get_by_role("button", name="Keep trading").click()
        assert not page.locator("#ak-halt").is_visible()
    assert globally().state == "ACTIVE"


def test_the_keyboard_alone_halts(browse, trading):
    with browse("tim") as page:
        page.focus(KILL)
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
        page.wait_for_selector(f"{WORD}:text('HALTED')")
    assert globally().state == "HALTED"


def test_a_browser_without_scripts_halts_and_restores(browse, trading):
    with browse("ann", java_script_enabled=False) as page:
        page.click(KILL)
        assert page.url.endswith(reverse("admin:halt"))
        page.fill("#ak-reason-page", "scripts are broken")
        page.click("#content button[value=HALTED]")
        assert page.inner_text(WORD) == "HALTED"
        assert globally().reason == "scripts are broken"
        page.click("text=Restore…")
        page.fill("[name=reason]:visible", "scripts are back")
        page.fill("[name=word]", "RESTORE")
        page.click("#content button:text('Restore')")
        assert page.inner_text(WORD) == "PAPER"
    assert (globally().state, globally().reason) == ("ACTIVE", "scripts are back")


def test_a_wrong_word_restores_nothing(browse, people):
    with browse("ann", allowed=(400,)) as page:
        page.click("text=Restore…")
        page.fill("#content [name=reason]", "drill is over")
        page.fill("[name=word]", "restore")
        page.click("#content button:text('Restore')")
        assert "in capitals" in page.inner_text("#content")
    assert globally().state == "HALTED"


def test_two_people_in_two_browsers_restore_what_is_live(browse, trading, everything_is_live):
    with browse("tim") as page:
        page.click(KILL)
        page.get_by_role("button", name="Halt now").click()
        page.wait_for_selector(f"{WORD}:text('HALTED')")
    with browse("ann") as page:
        _ask_to_restore(page)
        assert "another person" in page.inner_text("#content")
    assert globally().state == "HALTED"
    with browse("ben") as page:
        page.click("#ak-dashboard a:text('switch.restore')")
        page.fill("#content [name=reason]", "talked to Ann")
        page.click("text=Approve")
        page.click("text=Carry it out…")
        _fill_restore(page)
        page.wait_for_selector(f"{WORD}:text('PAPER')")
    assert globally().state == "ACTIVE"
    assert ApprovalRequest.objects.get().state == "USED"


def _ask_to_restore(page):
    page.click("text=Restore…")
    _fill_restore(page)
    page.wait_for_selector("text=Exact change")


def _fill_restore(page):
    page.fill("#content [name=reason]", "the feed is back")
    page.fill("[name=word]", "RESTORE")
    page.click("#content button:text('Ask or restore')")


def test_a_dialog_of_a_page_keeps_the_keyboard_and_gives_it_back(browse, trading):
    with browse("tim") as page:
        page.goto(reverse("admin:execution_deployment_change", args=[trading.pk]))
        page.click("text=Pause…")
        page.wait_for_selector("#modal-content [role=dialog]")
        page.wait_for_function("document.activeElement.name === 'reason'")
        for _ in range(8):
            page.keyboard.press("Tab")
            assert page.evaluate("!!document.activeElement.closest('#modal-content')")
        page.keyboard.press("Escape")
        page.wait_for_selector("#modal-content [role=dialog]", state="hidden")
        assert "Pause" in page.evaluate("document.activeElement.textContent")
        page.click("text=Pause…")
        page.wait_for_selector("#modal-content [role=dialog]")
        page.fill("#modal-content [name=reason]", "maintenance")
        page.click("#modal-content button:text('Pause')")
        page.wait_for_selector("text=Resume…")
    assert Deployment.objects.get(pk=trading.pk).status == "paused"


def test_a_dialog_without_a_reason_says_so_and_stays_open(browse, trading):
    with browse("tim") as page:
        page.goto(reverse("admin:execution_deployment_change", args=[trading.pk]))
        page.click("text=Pause…")
        page.click("#modal-content button:text('Pause')")
        page.wait_for_selector("#modal-content :text('This field is required')")
    assert Deployment.objects.get(pk=trading.pk).status == "enabled"


def test_a_dialog_without_scripts_is_a_page(browse, trading):
    with browse("tim", java_script_enabled=False) as page:
        page.goto(reverse("admin:execution_deployment_pause", args=[trading.pk]))
        page.fill("[name=reason]", "maintenance")
        page.click("button:text('Pause')")
        assert page.url.endswith("/change/")
    assert Deployment.objects.get(pk=trading.pk).status == "paused"


def test_an_open_dashboard_learns_of_a_halt_by_itself(browse, trading):
    with browse("vic") as page:
        assert page.inner_text(WORD) == "PAPER"
        TradingState.objects.filter(scope="GLOBAL").update(state="HALTED")
        page.wait_for_selector(f"{WORD}:text('HALTED')", timeout=30_000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_telephone(browse, trading, scheme):
    with browse("ann", color_scheme=scheme, **NARROW) as page:
        paths = [
            reverse("admin:index"),
            reverse("admin:halt"),
            reverse("admin:restore"),
            reverse("admin:execution_cyclerun_changelist"),
            reverse("admin:execution_deployment_change", args=[trading.pk]),
        ]
        for path in paths:
            page.goto(path)
            assert page.locator(KILL).is_visible(), path
            assert page.evaluate("document.documentElement.scrollWidth") <= 400, path


def test_the_state_stays_in_sight_while_scrolling(browse, trading):
    with browse("ann") as page:
        page.set_viewport_size({"width": 1200, "height": 400})
        page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        box = page.locator(KILL).bounding_box()
        assert 0 <= box["y"] < 100
