"""The pages of imports that are no lists: handing in, progress, the issues as CSV, raw bytes."""

from collections.abc import Iterator
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from atlas.audit import Actor
from atlas.console.acting import act_page, go_to, require_right, say_refusal
from atlas.console.display import page_of
from atlas.csv_cells import csv_line
from atlas.domain.errors import AtlasError
from imports import desk
from imports.activity import activity_of
from imports.admin.forms import HandInForm
from imports.admin.story import PHASES
from imports.admin.uploads import TOO_LARGE, takes_uploads
from imports.models import ImportIssue, ImportRun
from imports.sources import source_of
from imports.storage import ContentStore
from imports.store_places import LARGEST_FILE_BYTES
from imports.vocabulary import SourceKind

LOOK = "imports.view_importrun"
MALFORMED, TOO_LARGE_STATUS = 400, 413
LONGEST_RAW_BYTES = 100_000
SHORT_RAW_BYTES = 2_000
NARROWED_BY = ("severity", "code")
ISSUE_COLUMNS = (
    "severity",
    "code",
    "path",
    "kind",
    "owner",
    "key",
    "field",
    "message",
    "value",
    "byte_start",
    "byte_length",
)


@takes_uploads
@require_http_methods(["GET", "HEAD", "POST"])
def hand_in_page(request: HttpRequest) -> HttpResponse:
    """Take a file in and have it reviewed; nothing is applied by this."""
    form = HandInForm(
        request.POST or None, request.FILES or None, initial={"source": source_of(SourceKind.FILE)}
    )
    if request.method != "POST":
        return _show(request, form)
    if getattr(request, TOO_LARGE, False):
        messages.error(
            request,
            f"The file is larger than {LARGEST_FILE_BYTES // 2**20:,} MiB and was not kept. "
            "Split it, or pack it as .gz or .zst.",
        )
        return _show(request, HandInForm(initial=request.POST.dict()), status=TOO_LARGE_STATUS)
    if not form.is_valid():
        return _show(request, form, status=MALFORMED)
    return _hand_in(request, form)


def _hand_in(request: HttpRequest, form: HandInForm) -> HttpResponse:
    """Hand a file in and lead to its page."""
    given = form.cleaned_data
    handed = desk.Handed(
        given["file"].file, given["file"].name, given["source"], given["wanted_format"]
    )
    try:
        outcome = desk.hand_in(handed, actor=Actor.of_request(request), now=timezone.now())
    except AtlasError as refusal:
        return _show(request, form, status=say_refusal(request, refusal))
    messages.success(request, desk.sentence_of(outcome))
    return go_to(request, page_of(outcome.run))


def _show(request: HttpRequest, form: HandInForm, *, status: int = 200) -> HttpResponse:
    context = {"form": form, "largest_bytes": LARGEST_FILE_BYTES}
    return act_page(
        request, "imports/console/hand_in.html", context, title="Import a file", status=status
    )


@require_GET
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell how far an import is, for a page that is open."""
    require_right(request, LOOK)
    run = get_object_or_404(ImportRun, pk=pk)
    activity = activity_of(run, now=timezone.now())
    told = activity.progress
    return JsonResponse(
        {
            "state": run.state,
            "is_under_way": activity.is_under_way,
            "phase": PHASES.get(told.phase, told.phase) if told else None,
            "percent": told.percent if told else None,
        }
    )


@require_GET
def issues_csv(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """Give all issues of an import as CSV, a line at a time; `severity` and `code` narrow it."""
    require_right(request, LOOK)
    run = get_object_or_404(ImportRun, pk=pk)
    wanted = {name: request.GET[name] for name in NARROWED_BY if request.GET.get(name)}
    answer = StreamingHttpResponse(
        _issue_lines(run, wanted), content_type="text/csv; charset=utf-8"
    )
    answer["Content-Disposition"] = f'attachment; filename="import-{run.pk}-issues.csv"'
    return answer


def _issue_lines(run: ImportRun, wanted: dict[str, str]) -> Iterator[str]:
    """Write the issues in the order in which they were found."""
    yield csv_line(ISSUE_COLUMNS)
    rows = run.issues.filter(**wanted).order_by("pk").values_list(*ISSUE_COLUMNS)
    for row in rows.iterator(2_000):
        yield csv_line(row)


@require_GET
def raw_record(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a stretch of the file's bytes as they came, as text, up to 100,000 of them."""
    require_right(request, LOOK)
    run = get_object_or_404(ImportRun, pk=pk)
    start = _number(request, "start", 0)
    length = _number(request, "length", SHORT_RAW_BYTES)
    if run.pruned_at is not None:
        raise Http404(f"Import {run.pk} was pruned; its file is no longer kept.")
    try:
        with ContentStore.of_settings().content(run.sha256) as content, content.stream() as stream:
            if start >= content.size:
                raise Http404(f"The file has {content.size} bytes.")
            stream.seek(start)
            text = stream.read(min(length, LONGEST_RAW_BYTES)).decode("utf-8", "replace")
    except AtlasError as refusal:
        say_refusal(request, refusal)  # the page stands: it says why there is nothing to show
        text = ""
    context = {
        "run": run,
        "text": text,
        "start": start,
        "is_cut": length > LONGEST_RAW_BYTES,
        "page": page_of(run),
    }
    return act_page(request, "imports/console/raw.html", context, title="Raw record")


def raw_path(issue: ImportIssue) -> str:
    """Give the path under which the bytes of an issue's record are shown."""
    query = urlencode({"start": issue.byte_start, "length": issue.byte_length})
    return f"{reverse('admin:imports_raw_record', args=[issue.run_id])}?{query}"


def _number(request: HttpRequest, name: str, default: int) -> int:
    """Read a whole number that is not negative. Raises Http404."""
    given = request.GET.get(name, str(default))
    if not (given.isascii() and given.isdigit()) or len(given) > len(str(2**62)):
        raise Http404(f"{name} must be a whole number.")
    return int(given)
