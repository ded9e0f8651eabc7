"""The one room with a key: only the signer process may enter.

Importing it anywhere else raises, before any module in here is read; the import law keeps the web
process, trading and imports from reaching it even indirectly.
"""

import os

from atlas.domain.errors import Bug

if os.environ.get("ATLAS_PROCESS") != "signer":
    raise Bug("onchain.signer may be imported by the signer process alone (ATLAS_PROCESS=signer)")
