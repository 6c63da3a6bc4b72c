# The service: `trunkline serve`, with the built browser application. Asterisk's image is asterisk/Dockerfile.
FROM node:24-slim AS desktop
WORKDIR /build/src/desktop
COPY src/desktop/package.json src/desktop/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY src/desktop ./
RUN npm run build

FROM python:3.13-slim
# flite and espeak-ng speak the flows' sentences.
RUN apt-get update && apt-get install -y --no-install-recommends flite espeak-ng && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 trunkline && useradd --uid 10001 --gid 10001 --no-create-home trunkline \
    && install -d -o trunkline -g trunkline /var/lib/trunkline
WORKDIR /opt/trunkline
RUN pip install --no-cache-dir uv
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN uv sync --frozen --no-default-groups --no-install-project
COPY src/trunkline src/trunkline
COPY --from=desktop /build/src/trunkline/web/static src/trunkline/web/static
COPY asterisk asterisk
RUN uv sync --frozen --no-default-groups
COPY ivr_flows ivr_flows
COPY channels.yaml ./
ENV PATH=/opt/trunkline/.venv/bin:$PATH TRUNKLINE_DATA_DIR=/var/lib/trunkline
USER trunkline
VOLUME /var/lib/trunkline
EXPOSE 8800
CMD ["trunkline", "serve"]
