"""The pages of imports that are no lists: handing in, progress, the issues as CSV, raw bytes."""

from collections.abc import Iterator

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from atlas.audit import Actor
from atlas.console.acting import act_page, go_to, require_right, say_refusal
from atlas.console.display import page_of
from atlas.csv_cells import csv_line
from atlas.domain.errors import AtlasError
from imports import desk
from imports.admin.forms import HandInForm
from imports.models import ImportRun
from imports.progress import read
from imports.storage import ContentStore

HAND_IN, LOOK = "imports.add_importrun", "imports.view_importrun"
MALFORMED, REFUSED = 400, 409
LONGEST_RAW_BYTES = 100_000
SHORT_RAW_BYTES = 2_000
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


@require_http_methods(["GET", "HEAD", "POST"])
def hand_in_page(request: HttpRequest) -> HttpResponse:
    """Take a file in and have it reviewed; nothing is applied by this."""
    require_right(request, HAND_IN)
    form = HandInForm(request.POST or None, request.FILES or None)
    if request.method != "POST":
        return _show(request, form)
    if not form.is_valid():
        return _show(request, form, status=MALFORMED)
    file = form.cleaned_data["file"]
    try:
        outcome = desk.hand_in(
            file.file,
            name=file.name,
            wanted_format=form.cleaned_data["wanted_format"],
            actor=Actor.of_request(request),
            now=timezone.now(),
        )
    except AtlasError as refusal:
        return _show(request, form, status=say_refusal(request, refusal))
    messages.success(request, desk.sentence_of(outcome))
    return go_to(request, page_of(outcome.run))


def _show(request: HttpRequest, form: HandInForm, *, status: int = 200) -> HttpResponse:
    return act_page(
        request, "imports/console/hand_in.html", {"form": form}, title="Import", status=status
    )


@require_GET
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell how far an import is, for a page that is open."""
    require_right(request, LOOK)
    run = get_object_or_404(ImportRun, pk=pk)
    told = read(run.pk)
    return JsonResponse(
        {
            "state": run.state,
            "phase": told.phase if told else None,
            "percent": told.percent if told else None,
            "done": told.done if told else None,
        }
    )


@require_GET
def issues_csv(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """Give all issues of an import as CSV, a line at a time."""
    require_right(request, LOOK)
    run = get_object_or_404(ImportRun, pk=pk)
    answer = StreamingHttpResponse(_issue_lines(run), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="import-{run.pk}-issues.csv"'
    return answer


def _issue_lines(run: ImportRun) -> Iterator[str]:
    """Write the issues in the order in which they were found."""
    yield csv_line(ISSUE_COLUMNS)
    rows = run.issues.order_by("pk").values_list(*ISSUE_COLUMNS)
    for row in rows.iterator(2_000):
        yield csv_line(row)


@require_GET
def raw_record(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a stretch of the file's bytes as they came, as text, up to 100,000 of them."""
    require_right(request, LOOK)
    run = get_object_or_404(ImportRun, pk=pk)
    start = _number(request, "start", 0)
    length = _number(request, "length", SHORT_RAW_BYTES)
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


def _number(request: HttpRequest, name: str, default: int) -> int:
    """Read a whole number that is not negative. Raises Http404."""
    given = request.GET.get(name, str(default))
    if not (given.isascii() and given.isdigit()) or len(given) > len(str(2**62)):
        raise Http404(f"{name} must be a whole number.")
    return int(given)
