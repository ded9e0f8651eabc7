# One image for every process of Atlas: `deploy/start NAME` says which one a container plays.
# Built in two steps, so that what builds (pip, caches) never ships. docs/deploy.md tells how.
ARG BASE_IMAGE=python:3.11-slim-bookworm

FROM ${BASE_IMAGE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /opt/atlas
RUN python3 -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "BASE_IMAGE needs Python 3.11")' \
    && python3 -m venv /opt/venv
# The locks alone first: as long as they stay the same, this layer is kept.
COPY requirements/base.in requirements/base.txt requirements/
# An index of your own: --secret id=pip.conf,src=PATH; without it pip asks its usual one.
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    /opt/venv/bin/pip install --require-hashes --only-binary :all: -r requirements/base.txt
COPY . .
# Editable, as in a checkout: the code is read from this folder, with its templates and fixtures.
RUN /opt/venv/bin/pip install --no-deps --no-build-isolation --editable . \
    && DJANGO_SETTINGS_MODULE=config.settings.offline /opt/venv/bin/python manage.py collectstatic --no-input \
    && /opt/venv/bin/python -m compileall -q /opt/venv/lib atlas config execution imports onchain strategies \
    && /opt/venv/bin/pip uninstall --yes pip

FROM ${BASE_IMAGE}
# What printed reports are drawn with; the remedy of strategies/report/printing.py names the same.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 10001 atlas \
    && useradd --uid 10001 --gid atlas --home-dir /var/lib/atlas --shell /usr/sbin/nologin --no-create-home atlas \
    && install --directory --owner=atlas --group=atlas --mode=0750 /var/lib/atlas
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/atlas /opt/atlas
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings.production \
    ATLAS_STATE_DIR=/var/lib/atlas \
    GRANIAN_HOST=0.0.0.0 \
    GRANIAN_PORT=8000
WORKDIR /opt/atlas
USER 10001:10001
VOLUME /var/lib/atlas
EXPOSE 8000
# Of the web process; compose.yaml gives the other processes checks of their own.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "deploy/probe.py", "http://127.0.0.1:8000/livez"]
ENTRYPOINT ["/opt/atlas/deploy/start"]
CMD ["web"]
