"""Files on their way in: into the store's own folder, no larger than allowed, for who may hand in.

Whoever lacks the right is turned away before a byte of the file is read. A file that is too large is
read to its end and thrown away, because a browser that is still sending hears no answer.
"""

from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from atlas.console.acting import require_right
from imports.storage import ContentStore
from imports.store_places import LARGEST_FILE_BYTES

HAND_IN = "imports.add_importrun"
TOO_LARGE = "atlas_file_too_large"
View = Callable[[HttpRequest], HttpResponse]


class StoreUploadHandler(FileUploadHandler):
    """Write a file that comes in beside the store, where there is room for large ones."""

    largest_bytes = LARGEST_FILE_BYTES

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self._held = ExitStack()
        self._received = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file."""
        super().new_file(*args, **kwargs)
        self._stream = self._held.enter_context(ContentStore.of_settings().scratch())

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Take a piece of it; all files of a form together may be as large as one."""
        self._received += len(raw_data)
        if self._received > self.largest_bytes:
            setattr(self.request, TOO_LARGE, True)
            raise StopUpload(connection_reset=False)
        self._stream.write(raw_data)

    def file_complete(self, file_size: int) -> "UploadedFile[Any]":
        """Hand it over, to be read from its beginning."""
        self._stream.seek(0)
        return UploadedFile(
            file=self._stream, name=self.file_name, content_type=self.content_type, size=file_size
        )

    def close(self) -> None:
        """Let go of everything; what was not taken into the store is gone."""
        self._held.close()


def takes_uploads(view: View) -> Callable[[HttpRequest], HttpResponseBase]:
    """Let a page take files in; its right is asked for and its form's token checked here."""
    protected = csrf_protect(view)

    @csrf_exempt  # the token is in the body, which must not be read before the right is known
    @wraps(view)
    def page(request: HttpRequest) -> HttpResponseBase:
        require_right(request, HAND_IN)
        handler = StoreUploadHandler(request)
        request.upload_handlers = [handler]
        try:
            return protected(request)
        finally:
            handler.close()

    return page
