# One image for every process of ours: the command says which (docker-compose.yml).
FROM python:3.11.14-slim-trixie AS packages
WORKDIR /build
RUN python -m venv /venv
COPY requirements.lock .
# Hashes, and wheels only: nothing is compiled, and nothing runs code while it is installed.
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check \
    --no-deps --only-binary :all: --require-hashes --requirement requirements.lock

FROM python:3.11.14-slim-trixie
# The client is a distribution of its own; the example shop uses it where it stands.
ENV PATH=/venv/bin:$PATH PYTHONPATH=/danbao/client PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
# A new volume gets the owner of the folder that it is mounted on: /evidence is the API's, /shop
# the example shop's.
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin danbao && \
    install --directory --owner=danbao --mode=0700 /evidence && \
    install --directory --owner=danbao --mode=0700 /shop
COPY --from=packages /venv /venv
WORKDIR /danbao
# Owned by root: the process can read its own code and not change it.
COPY . .
USER 10001
CMD ["python", "-m", "api"]
