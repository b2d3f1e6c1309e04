# The command in an image: docker run --rm -v "$PWD:/work:ro" copilot-preflight check infrastructure
#
# Reproducible: the base is pinned by its digest, everything from PyPI by the hashes that make test
# uses, and bytecode carries a hash of its source instead of a time. With BuildKit,
# SOURCE_DATE_EPOCH and --output type=image,rewrite-timestamp=true make the layers equal, too.
# Move both lines of the base together, to what 'docker buildx imagetools inspect' shows.

FROM python:3.13.5-slim-bookworm@sha256:4c2cf9917bd1cbacc5e9b07320025bdb7cdf2df7b0ceaccb55e9dd7e30987419 AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_COMPILE=1
WORKDIR /source
COPY requirements/runtime.txt requirements/
RUN python -m venv /opt/copilot-preflight \
    && /opt/copilot-preflight/bin/pip install --require-hashes --requirement requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY rules rules
RUN /opt/copilot-preflight/bin/pip install --no-deps --no-build-isolation . \
    && rm -rf /opt/copilot-preflight/lib/python3.13/site-packages/pip* \
    && python -m compileall -q --invalidation-mode unchecked-hash /opt/copilot-preflight

FROM python:3.13.5-slim-bookworm@sha256:4c2cf9917bd1cbacc5e9b07320025bdb7cdf2df7b0ceaccb55e9dd7e30987419
COPY --from=build /opt/copilot-preflight /opt/copilot-preflight
ENV PATH=/opt/copilot-preflight/bin:$PATH PYTHONDONTWRITEBYTECODE=1
# A number, so that Kubernetes' runAsNonRoot can tell; it has no home, and the tool needs none.
USER 65532:65532
WORKDIR /work
ENTRYPOINT ["copilot-preflight"]
CMD ["check"]
