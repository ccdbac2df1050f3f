# Builds in one stage and runs in another, so that the image holds no pip cache and no build tools.
FROM python:3.11-slim AS build
WORKDIR /build
COPY requirements-build.lock requirements.lock pyproject.toml README.md LICENSE ./
RUN python -m venv /opt/tablewire \
 && /opt/tablewire/bin/pip install --quiet --no-cache-dir --require-hashes -r requirements-build.lock \
 && /opt/tablewire/bin/pip install --quiet --no-cache-dir --require-hashes --no-build-isolation -r requirements.lock
COPY src src
COPY migrations migrations
RUN /opt/tablewire/bin/pip install --quiet --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim
COPY --from=build /opt/tablewire /opt/tablewire
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/tablewire tablewire
USER tablewire
WORKDIR /var/lib/tablewire
ENV PATH=/opt/tablewire/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    TABLEWIRE_DATA_DIR=/var/lib/tablewire/data \
    TABLEWIRE_LOG_FORMAT=json
VOLUME /var/lib/tablewire
# The service refuses to listen beyond loopback without authentication, so the container shares the host's network
# (see compose.yaml) and the check asks where the service listens.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:%s/health/live' % os.environ.get('TABLEWIRE_PORT', '8000'), timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["tablewire"]
CMD ["serve"]
